import { bundleContents } from '../bundle/contents.ts';
import { type Layout, layOut } from '../tar/plan.ts';
import { AirgapError } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import { type Answer, askAll } from '../resolve/resolve-all.ts';
import { findReferrers } from '../resolve/referrers.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import { Linting } from '../lint/lint-run.ts';
import type { Finding } from '../model/finding.ts';
import type { RuleGrade } from '../lint/rule-api/rule-setting.ts';
import { DEFAULT_PLATFORMS, type PlatformChoice } from '../oci/platform.ts';
import type { Registries } from '../registry/registries.ts';
import type { Locations } from '../input/references.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import { imageRequests } from '../input/requests.ts';
import type { SourceText } from '../input/model/source-text.ts';

export interface PrepareOptions extends SpecOptions {
  readonly locations?: Locations | undefined;
  /** Default: linux/amd64. */
  readonly platforms?: PlatformChoice | undefined;
  /** Take signatures, SBOMs and whatever else refers to the images as well. */
  readonly referrers?: boolean | undefined;
  /** The lint's rules that are off or graded anew; the last word on a rule counts. */
  readonly rules?: readonly RuleGrade[] | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** All that is known before the first blob moves. */
export interface Prepared {
  readonly sources: readonly SourceText[];
  readonly findings: readonly Finding[];
  readonly images: readonly ResolvedImage[];
  readonly layout: Layout;
}

/** What the specs say: read, linted and located. */
export async function readRequests(options: PrepareOptions) {
  const { locations = {}, rules, onEvent } = options;
  onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  // What cannot be located is an error; told as a finding too, it would be told twice.
  const requests = imageRequests(spec, locations);
  const linting = new Linting(spec, rules);
  const findings = linting.specs(locations);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  const sources = spec.sources.filter(({ rendered }) => !rendered);
  return { sources, findings, requests, linting };
}

/** Resolves every request, lints what was found, and lays the bundle out. @param mtime of its entries, in seconds since 1970 */
export async function prepare(
  registries: Registries,
  { requests, sources, findings, linting }: Awaited<ReturnType<typeof readRequests>>,
  { platforms = DEFAULT_PLATFORMS, referrers = false, onEvent }: PrepareOptions,
  mtime = 0,
): Promise<Prepared> {
  onEvent?.({ type: 'phase', phase: 'resolve' });
  const answers = await askAll(registries, requests, platforms, onEvent);
  const listed = imagesOf(answers);
  const images = referrers ? [...listed, ...(await findReferrers(registries, listed, onEvent))] : listed;
  const online = linting.answers(answers);
  for (const finding of online) onEvent?.({ type: 'finding', finding });
  return {
    sources,
    findings: linting.inOrder([...findings, ...online]),
    images,
    layout: layOut(bundleContents(images, platforms), mtime),
  };
}

/** @throws AirgapError with everything that cannot be had, each at its line */
function imagesOf(answers: readonly Answer[]): ResolvedImage[] {
  const errors = answers.flatMap(({ request: { positions }, error }) => {
    const [position] = positions;
    return error ? [position ? error.at({ position }) : error] : [];
  });
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be resolved`);
  return answers.flatMap(({ image }) => image ?? []);
}
