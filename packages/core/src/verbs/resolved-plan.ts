import { bundleEntries } from '../bundle/contents.ts';
import type { BundlePlan } from '../bundle/entry-content.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import type { RegistrySettings } from '../input/references.ts';
import { type ImageRequest, imageRequests } from '../input/requests.ts';
import { LintRun } from '../lint/lint-run.ts';
import type { RuleSetting } from '../lint/rule-api/rule-setting.ts';
import { AirgapError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { DEFAULT_PLATFORMS } from '../oci/platform.ts';
import type { Registries } from '../registry/registries.ts';
import { findReferrers } from '../resolve/referrers.ts';
import { type Resolution, resolveAll } from '../resolve/resolve-all.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import type { SourceOf } from '../store/image-source.ts';
import { planTar } from '../tar/plan.ts';
import { type PlatformOption, platformChoice } from './check-options.ts';

/** What to read, and how to resolve it. */
export interface ResolvePlanOptions extends SpecOptions {
  /** How `source:` names and hosts map to registries. */
  readonly locations?: RegistrySettings | undefined;
  /** Default: linux/amd64. */
  readonly platforms?: PlatformOption | undefined;
  /** The mtime of every entry, in seconds since 1970. Default 0. */
  readonly sourceDateEpoch?: number | undefined;
  /** Include referrers: signatures, SBOMs and other artifacts of the images. */
  readonly referrers?: boolean | undefined;
  /** Rules of the lint that are off or have another severity; the last setting of a rule counts. */
  readonly rules?: readonly RuleSetting[] | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** Everything that is known before the first blob is transferred. */
export interface ResolvedPlan {
  readonly sources: readonly SourceText[];
  readonly findings: readonly Finding[];
  readonly images: readonly ResolvedImage[];
  readonly tarPlan: BundlePlan;
}

/** Reads and lints the specs, and converts their images to references. */
export async function readRequests(options: ResolvePlanOptions) {
  const { locations = {}, rules } = options;
  const onEvent = withTime(options.onEvent);
  onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  // Before the lint: an image without a reference is an error, and need not be a finding as well.
  const requests = imageRequests(spec, locations);
  const lintRun = new LintRun(spec, rules);
  const findings = lintRun.specs(locations);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  const sources = spec.sources.filter(({ rendered }) => !rendered);
  return { sources, findings, requests, lintRun };
}

/** Resolves every request, lints the resolutions, and plans the bundle. */
export async function resolvePlan(
  registries: Registries,
  { requests, sources, findings, lintRun }: Awaited<ReturnType<typeof readRequests>>,
  options: ResolvePlanOptions,
): Promise<ResolvedPlan> {
  const { referrers = false, sourceDateEpoch = 0 } = options;
  const onEvent = withTime(options.onEvent);
  const platforms = platformChoice(options.platforms) ?? DEFAULT_PLATFORMS;
  onEvent?.({ type: 'phase', phase: 'resolve' });
  const resolutions = await resolveAll(name => registries.source(name), requests, platforms, onEvent);
  const listed = imagesOf(resolutions);
  // A mirror answers for its registry: what it lacks is not requested there.
  const sourceOf: SourceOf = name => registries.source(name).firstAnswer();
  const images = referrers ? [...listed, ...(await findReferrers(sourceOf, listed, onEvent))] : listed;
  const online = lintRun.resolutions(resolutions);
  for (const finding of online) onEvent?.({ type: 'finding', finding });
  return {
    sources,
    findings: lintRun.inOrder([...findings, ...online]),
    images,
    tarPlan: planTar(bundleEntries(images, platforms), sourceDateEpoch),
  };
}

/** @throws AirgapError with every failed resolution, each at its position */
function imagesOf(resolutions: readonly Resolution<ImageRequest>[]): ResolvedImage[] {
  const errors = resolutions.flatMap(({ request, error }) => {
    const [position] = request.positions;
    if (!error) return [];
    return position ? [error.withContext({ position })] : [error];
  });
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be resolved`);
  return resolutions.flatMap(({ image }) => image ?? []);
}
