import type { SourceText } from '../input/model/source-text.ts';
import type { Spec } from '../input/model/spec.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import type { RegistrySettings } from '../input/references.ts';
import { findRequests, type ImageRequest } from '../input/requests.ts';
import { LintRun } from '../lint/lint-run.ts';
import type { RuleSetting } from '../lint/rule-api/rule-setting.ts';
import { SpecIndex } from '../lint/rule-api/spec-index.ts';
import { LocalSources } from '../local/local-sources.ts';
import { AirgapError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { interruptible } from '../model/interrupted.ts';
import { formatPosition } from '../model/position.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { resolveAll } from '../resolve/resolve-all.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';
import { type PlatformOptions, platformsOf } from './platform-choice.ts';
import { localRequest, sourceOf } from './resolved-plan.ts';

/** Options of `lint`. */
export interface LintOptions extends SpecOptions {
  readonly locations?: RegistrySettings | undefined;
  /** Severity overrides; the last one for a rule wins. */
  readonly rules?: readonly RuleSetting[] | undefined;
  /** How to reach the registries; without it `lint` makes no request. */
  readonly online?: OnlineOptions | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** Options for querying registries. */
export interface OnlineOptions extends Omit<RegistryOptions, 'signal' | 'onEvent'>, PlatformOptions {
  /** Local sources of images, which are tried before any registry. */
  readonly from?: readonly string[] | undefined;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** The sources that the positions refer to. */
  readonly sources: readonly SourceText[];
  /** Number of places in the input that name an image. */
  readonly mentions: number;
  /** Number of different images that they name. */
  readonly images: number;
  /** Number of files that were read. */
  readonly inputFiles: number;
}

/**
 * Finds what will fail in the air-gapped cluster: in the input and, with `online`, in the images.
 *
 * @throws AirgapError `INPUT`, `USAGE`; registry errors are findings
 */
export async function lint(options: LintOptions): Promise<LintResult> {
  checkOptions('lint', options, ['specs']);
  if (options.online !== undefined) checkOptions('lint: online', options.online, []);
  const { locations = {}, rules, online } = options;
  const onEvent = withTime(options.onEvent);
  if (online) onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  const index = new SpecIndex(spec, locations);
  const run = new LintRun(index, rules);
  const offline = run.specs();
  const fromRegistries = online
    ? await queryRegistries(requestsFor(spec, locations, offline), run, options)
    : [];
  const findings = run.inOrder([...offline, ...fromRegistries]);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  return lintResult(index, findings);
}

/** Makes the result of a lint run. */
export function lintResult(index: SpecIndex, findings: readonly Finding[]): LintResult {
  const { sources, listed, used } = index.spec;
  return {
    findings,
    sources: sources.filter(({ rendered }) => !rendered),
    mentions: listed.length + used.length,
    images: index.distinctImages,
    inputFiles: new Set(sources.map(({ file }) => file)).size,
  };
}

async function queryRegistries(
  requests: readonly ImageRequest[],
  run: LintRun,
  { online, locations = {}, signal, onEvent: listener }: LintOptions,
): Promise<Finding[]> {
  const onEvent = withTime(listener);
  onEvent?.({ type: 'phase', phase: 'resolve' });
  return interruptible(signal, async () => {
    await using registries = await Registries.open({ ...online, signal, onEvent: listener });
    const request = localRequest(requests, online ?? {});
    await using local = await LocalSources.open({ ...request, signal, onEvent });
    const source = sourceOf({ registries, local });
    const resolutions = await resolveAll(source, requests, platformsOf(online ?? {}), onEvent);
    return run.resolutions(resolutions, locations);
  });
}

/** @throws AirgapError `INPUT` for images that cannot be located, unless a finding already reports them */
function requestsFor(spec: Spec, locations: RegistrySettings, findings: readonly Finding[]): ImageRequest[] {
  const reported = new Set(findings.map(({ position }) => formatPosition(position)));
  const { requests, errors } = findRequests(spec, locations);
  const unreported = errors.filter(
    ({ where: { position } }) => !position || !reported.has(formatPosition(position)),
  );
  if (unreported.length > 0)
    throw AirgapError.all(unreported, `${unreported.length} images cannot be located`);
  return requests;
}
