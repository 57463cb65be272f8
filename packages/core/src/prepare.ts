import pLimit from 'p-limit';
import { bundleContents } from './bundle/contents.ts';
import { type Layout, layOut } from './bundle/layout.ts';
import { AirgapError } from './errors.ts';
import type { OnEvent } from './events.ts';
import { resolveImage } from './image/resolve.ts';
import type { ResolvedImage } from './image/resolved-image.ts';
import { runRules } from './lint/engine.ts';
import type { Finding } from './lint/finding.ts';
import type { RuleGrade } from './lint/grade.ts';
import type { PlatformChoice } from './oci/platform.ts';
import type { Registries } from './registry/registries.ts';
import type { Locations } from './spec/locate.ts';
import { readSpec, type SpecOptions } from './spec/read.ts';
import { type ImageRequest, imageRequests } from './spec/request.ts';
import type { SourceText } from './spec/source.ts';

/** Names resolved at once; the registries' own limits come on top. */
const RESOLVERS = 64;

export interface PrepareOptions extends SpecOptions {
  readonly locations?: Locations | undefined;
  /** Default: linux/amd64. */
  readonly platforms?: PlatformChoice | undefined;
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

const DEFAULT_PLATFORMS: PlatformChoice = [{ os: 'linux', architecture: 'amd64' }];

/** What the specs say: read, linted and located. */
export async function readRequests(options: PrepareOptions) {
  const { locations = {}, rules, onEvent } = options;
  onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  // What cannot be located is an error; told as a finding too, it would be told twice.
  const requests = imageRequests(spec, locations);
  const findings = runRules(spec, locations, rules);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  const sources = spec.sources.filter(({ rendered }) => !rendered);
  return { sources, findings, requests };
}

/** Resolves every request and lays the bundle out. @param mtime of its entries, in seconds since 1970 */
export async function prepare(
  registries: Registries,
  { requests, sources, findings }: Awaited<ReturnType<typeof readRequests>>,
  { platforms = DEFAULT_PLATFORMS, onEvent }: PrepareOptions,
  mtime = 0,
): Promise<Prepared> {
  onEvent?.({ type: 'phase', phase: 'resolve' });
  const images = await resolveAll(registries, requests, platforms, onEvent);
  return { sources, findings, images, layout: layOut(bundleContents(images, platforms), mtime) };
}

/** Everything that cannot be resolved is reported at once, each at its line. */
async function resolveAll(
  registries: Registries,
  requests: readonly ImageRequest[],
  platforms: PlatformChoice,
  onEvent: OnEvent | undefined,
): Promise<ResolvedImage[]> {
  const limit = pLimit(RESOLVERS);
  const errors: AirgapError[] = [];
  let done = 0;
  const resolveOne = async ({ reference, positions: [position] }: ImageRequest) => {
    try {
      const image = await resolveImage(registries, reference, platforms);
      done += 1;
      onEvent?.({
        type: 'resolved',
        image: reference.toString(),
        digest: image.root.digest,
        done,
        total: requests.length,
      });
      return image;
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(position ? error.at({ position }) : error);
      return undefined;
    }
  };
  const images = await Promise.all(requests.map(request => limit(() => resolveOne(request))));
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be resolved`);
  return images.filter(image => image !== undefined);
}
