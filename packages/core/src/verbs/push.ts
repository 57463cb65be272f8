import type { TransferCount } from '../copy/push.ts';
import { interruptedPush, pushLayout } from '../copy/push-layout.ts';
import type { OnExisting } from '../copy/tags.ts';
import type { TargetOf } from '../copy/target-of.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { interruptible } from '../model/interrupted.ts';
import { shownPath } from '../model/path-or-url.ts';
import { Reference } from '../reference/reference.ts';
import { PROXY_HOST } from '../reference/replicated.ts';
import { Registries } from '../registry/registries.ts';
import { type PreflightOptions, preflight } from '../replicated/preflight.ts';
import { explainFailure } from '../replicated/push-failure.ts';
import { type PushTarget, parsePushTarget } from '../replicated/push-target.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';
import { type LoadedImage, toLoadedImage } from './load.ts';
import type { PlanOptions } from './plan.ts';
import { openPushSource, type PushSource } from './push-source.ts';

/** The size of a layer from which uploads to the Replicated registry end with status 524, in bytes. */
const REPLICATED_MAX_LAYER = 2e9;

/** The options of {@link push}. Those of a plan count when the source is an input. */
export interface PushOptions extends Omit<PlanOptions, 'specs'> {
  /**
   * What to push: a bundle or layout, one image of a runtime (`docker:worker:1.0`), a local source
   * (`oci:DIR`), or an input.
   */
  readonly source: string | SourceText;
  /**
   * `REGISTRY[/PREFIX]`, where images keep the last components of their names, or `REGISTRY/…/NAME:TAG` for one. For the
   * Replicated registry, `HOST/APP` or `HOST/APP/NAME:TAG`.
   */
  readonly target: string;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
  /** Names to push, `*` matches any characters; all names when omitted. */
  readonly images?: readonly string[] | undefined;
  /** What to do when a tag exists with another digest. Default `overwrite`. */
  readonly onExisting?: OnExisting | undefined;
  /** Leave out attestations: the image alone gets the tag, or a new index of the platforms. */
  readonly dropAttestations?: boolean | undefined;
  /** Refuse layers of at least this size, in bytes. Default: 2 GB for the Replicated registry, else none. */
  readonly maxLayer?: number | undefined;
  /** Report what would be pushed, and push nothing. */
  readonly dryRun?: boolean | undefined;
}

/** The outcome of a push. */
export interface PushResult {
  readonly source: string;
  readonly target: string;
  readonly dryRun: boolean;
  readonly images: readonly LoadedImage[];
  /** Blobs that were uploaded, or would be in a dry run. */
  readonly uploaded: TransferCount;
  /** Blobs that were mounted from another repository of the registry, or would be in a dry run. */
  readonly mounted: TransferCount;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Pushes images to a registry under the last components of their names. What the registry would reject is found before
 * the first byte is sent: for the Replicated registry another form of the name, attestations, and layers that are too
 * large. Tags come last and are read back.
 *
 * @throws AirgapError `USAGE` for a target of another form, `INPUT` with everything that the registry would reject,
 * `CONTENT` when it stored something else, `INTERRUPTED`, and what sources and registries throw
 * @example
 * await push({ source: 'docker:worker:1.0', target: 'registry.replicated.com/my-app/worker:1.0' });
 */
export async function push(options: PushOptions): Promise<PushResult> {
  checkOptions('push', options, ['source', 'target']);
  const started = performance.now();
  const target = parsePushTarget(options.target, options.locations ?? {});
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const { source, dryRun = false } = options;
  return interruptible(
    options.signal,
    async () => {
      await using registries = await Registries.open({ ...options, signal });
      await using opened = await openPushSource(registries, { ...options, signal }, target.name);
      const stop = (reason: unknown) => stopper.abort(reason);
      const { tags, ...transfers } = await pushSource(opened, { registries, target, signal, stop, options });
      return {
        source: typeof source === 'string' ? shownPath(source) : source.file,
        target: options.target,
        dryRun,
        images: tags.map(toLoadedImage),
        ...transfers,
        elapsed: performance.now() - started,
      };
    },
    cause => interruptedPush(cause, target.location.registry),
  );
}

interface PushContext {
  readonly registries: Registries;
  readonly target: PushTarget;
  readonly signal: AbortSignal;
  readonly stop: (reason: unknown) => void;
  readonly options: PushOptions;
}

async function pushSource(source: PushSource, { registries, target, signal, stop, options }: PushContext) {
  const { onExisting = 'overwrite', dryRun = false, dropAttestations = false } = options;
  const onEvent = withTime(options.onEvent ?? (() => {}));
  const { registry } = target.location;
  const targetOf: TargetOf = repository => registries.target(Reference.inRepository(registry, repository));
  const has: PreflightOptions['has'] = (blob, repository) => targetOf(repository).has(blob);
  const { maxLayer = target.isReplicated ? REPLICATED_MAX_LAYER : Number.POSITIVE_INFINITY } = options;
  if (target.isReplicated) reportDeprecation(source, target, options, onEvent);
  const checked = await preflight({ ...source, target, dropAttestations, maxLayer, has });
  for (const message of checked.notices) onEvent({ type: 'notice', message });
  const { layout, mappings } = checked;
  try {
    return await pushLayout({
      ...{ layout, mappings, targetOf, registry, bodies: source.bodies },
      ...{ onExisting, dryRun, checkBlobs: false, signal, stop, onEvent },
    });
  } catch (error) {
    throw await explainFailure(error, layout, mappings);
  }
}

function reportDeprecation(
  { isChartOnly }: PushSource,
  { location: { registry } }: PushTarget,
  { locations = {} }: PushOptions,
  onEvent: OnEvent,
): void {
  const proxy = locations.proxyDomain ?? PROXY_HOST;
  const message = `pushing to ${registry} is deprecated since April 2026: keep the images in your own registry, from which customers pull them through ${proxy}`;
  onEvent({ type: 'notice', message });
  if (!isChartOnly) return;
  onEvent({
    type: 'notice',
    message: `the source has only Helm charts: ${registry} serves KOTS, and does not support installs with Helm; these pull through ${proxy}`,
  });
}
