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
import { DEFAULT_PLATFORMS, type PlatformChoice } from '../oci/platform.ts';
import type { Registries } from '../registry/registries.ts';
import { findReferrers } from '../resolve/referrers.ts';
import { type Resolution, resolveAll } from '../resolve/resolve-all.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import type { OnEvent } from '../store/events.ts';
import { planTar } from '../tar/plan.ts';

export interface ResolvePlanOptions extends SpecOptions {
  readonly locations?: RegistrySettings | undefined;
  /** Default: linux/amd64. */
  readonly platforms?: PlatformChoice | undefined;
  /** Take signatures, SBOMs and whatever else refers to the images as well. */
  readonly referrers?: boolean | undefined;
  /** The lint's rules that are off or graded anew; the last word on a rule counts. */
  readonly rules?: readonly RuleSetting[] | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** All that is known before the first blob moves. */
export interface ResolvedPlan {
  readonly sources: readonly SourceText[];
  readonly findings: readonly Finding[];
  readonly images: readonly ResolvedImage[];
  readonly tarPlan: BundlePlan;
}

/** What the specs say: read, linted and located. */
export async function readRequests(options: ResolvePlanOptions) {
  const { locations = {}, rules, onEvent } = options;
  onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  // What cannot be located is an error; told as a finding too, it would be told twice.
  const requests = imageRequests(spec, locations);
  const linting = new LintRun(spec, rules);
  const findings = linting.specs(locations);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  const sources = spec.sources.filter(({ rendered }) => !rendered);
  return { sources, findings, requests, linting };
}

/** Resolves every request, lints what was found, and lays the bundle out. @param mtime of its entries, in seconds since 1970 */
export async function resolvePlan(
  registries: Registries,
  { requests, sources, findings, linting }: Awaited<ReturnType<typeof readRequests>>,
  { platforms = DEFAULT_PLATFORMS, referrers = false, onEvent }: ResolvePlanOptions,
  mtime = 0,
): Promise<ResolvedPlan> {
  onEvent?.({ type: 'phase', phase: 'resolve' });
  const answers = await resolveAll(registries, requests, platforms, onEvent);
  const listed = imagesOf(answers);
  const images = referrers ? [...listed, ...(await findReferrers(registries, listed, onEvent))] : listed;
  const online = linting.resolutions(answers);
  for (const finding of online) onEvent?.({ type: 'finding', finding });
  return {
    sources,
    findings: linting.inOrder([...findings, ...online]),
    images,
    tarPlan: planTar(bundleEntries(images, platforms), mtime),
  };
}

/** @throws AirgapError with everything that cannot be had, each at its line */
function imagesOf(answers: readonly Resolution<ImageRequest>[]): ResolvedImage[] {
  const errors = answers.flatMap(({ request: { positions }, error }) => {
    const [position] = positions;
    return error ? [position ? error.withContext({ position }) : error] : [];
  });
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be resolved`);
  return answers.flatMap(({ image }) => image ?? []);
}
