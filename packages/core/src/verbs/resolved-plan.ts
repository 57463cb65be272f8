import { blobOrder, bundleEntries } from '../bundle/contents.ts';
import type { BlobRef, BundlePlan } from '../bundle/entry-content.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import type { RegistrySettings } from '../input/references.ts';
import { type ImageRequest, imageRequests } from '../input/requests.ts';
import type { BlobOrder } from '../layout/blob-order.ts';
import type { Layout } from '../layout/layout.ts';
import { LintRun } from '../lint/lint-run.ts';
import type { RuleSetting } from '../lint/rule-api/rule-setting.ts';
import { SpecIndex } from '../lint/rule-api/spec-index.ts';
import { LocalSources, type LocalSourcesOptions } from '../local/local-sources.ts';
import {
  type LockedRequest,
  lockedImagePlatforms,
  lockedPlatforms,
  lockedRequests,
  requireLockedReferrers,
} from '../lock/locked-requests.ts';
import { readLock } from '../lock/read-lock.ts';
import { AirgapError } from '../model/errors.ts';
import { type Finding, isAtLeast } from '../model/finding.ts';
import type { Reference } from '../reference/reference.ts';
import type { Registries } from '../registry/registries.ts';
import { type PinnedReferrer, pinnedReferrers } from '../resolve/pinned-referrers.ts';
import { findReferrers } from '../resolve/referrers.ts';
import { type Resolution, resolveAll } from '../resolve/resolve-all.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import { ImagePolicy, type ImageSignature, type SignatureRule } from '../signing/image-policy.ts';
import { resolvedImages } from '../signing/resolved-images.ts';
import { type OnEvent, type OnTimedEvent, withTime } from '../store/events.ts';
import type { BlobSource, SourceOf } from '../store/image-source.ts';
import { planTar } from '../tar/plan.ts';
import { allPlatforms, imagePlatformsOf, type PlatformOptions, platformsOf } from './platform-choice.ts';

/** What to read, and how to resolve it. */
export interface ResolvePlanOptions extends SpecOptions, PlatformOptions {
  /** How `source:` names and hosts map to registries. */
  readonly locations?: RegistrySettings | undefined;
  /** The mtime of every entry, in seconds since 1970. Default 0. */
  readonly sourceDateEpoch?: number | undefined;
  /** Include referrers: signatures, SBOMs and other artifacts of the images. */
  readonly referrers?: boolean | undefined;
  /** Rules of the lint that are off or have another severity; the last setting of a rule counts. */
  readonly rules?: readonly RuleSetting[] | undefined;
  /** The path of a lock: exactly its digests are fetched, whatever tags point to now. */
  readonly locked?: string | undefined;
  /** Which key must have signed which images. Signatures and other referrers are then included. */
  readonly signatures?: readonly SignatureRule[] | undefined;
  /**
   * Local sources of images, which are tried before any registry: `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`,
   * `airgap:FILE`, `docker:`, `podman:`, `containerd:[NAMESPACE]`.
   */
  readonly from?: readonly string[] | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** Everything that is known before the first blob is transferred. */
export interface ResolvedPlan {
  readonly sources: readonly SourceText[];
  readonly findings: readonly Finding[];
  readonly images: readonly ResolvedImage[];
  /** The local source of each image that has one, by its name. */
  readonly from: ReadonlyMap<string, string>;
  /** Opens the local sources once more, for a build after they were closed. */
  readonly local: LocalRequest;
  /** The images that the policy is about. */
  readonly signatures: readonly ImageSignature[];
  readonly tarPlan: BundlePlan;
  /** What each entry of the plan is. */
  readonly order: BlobOrder;
}

/** What is looked for in local sources. */
type LocalRequest = Pick<LocalSourcesOptions, 'from' | 'names' | 'platforms'>;

/** Where the images of a plan come from. */
export interface PlanSources {
  readonly registries: Registries;
  readonly local: LocalSources;
}

/** What {@link readRequests} found. */
type Requests = Awaited<ReturnType<typeof readRequests>>;

/**
 * Reads and lints the specs, and converts their images to references.
 *
 * @throws AirgapError `INPUT`; `LOCK` when the input and the lock differ, `USAGE` when platforms or referrers do
 */
export async function readRequests(options: ResolvePlanOptions) {
  const { locations = {}, rules } = options;
  const onEvent = withTime(options.onEvent);
  onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  // Before the lint: an image without a reference is an error, and need not be a finding as well.
  const found = imageRequests(spec, locations);
  const lock = options.locked === undefined ? undefined : await readLock(options.locked);
  const requests: readonly LockedRequest[] = lock ? lockedRequests(lock, found) : found;
  const { platforms: chosen } = options;
  const requested = chosen === undefined ? undefined : allPlatforms({ platforms: chosen });
  const platforms = lock ? lockedPlatforms(lock, requested) : requested;
  const imagePlatforms = lock
    ? lockedImagePlatforms(lock, imagePlatformsOf(options))
    : options.imagePlatforms;
  const policy = await ImagePolicy.read(options.signatures);
  // The other side needs the signatures to check them.
  const referrers = options.referrers || !policy.isEmpty;
  if (lock) requireLockedReferrers(lock, referrers);
  const lintRun = new LintRun(new SpecIndex(spec, locations), rules);
  const findings = lintRun.specs();
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  const sources = spec.sources.filter(({ rendered }) => !rendered);
  const isLocked = lock !== undefined;
  return { sources, findings, requests, lintRun, platforms, imagePlatforms, policy, referrers, isLocked };
}

/** What to look for in the local sources. */
export function localRequest(
  requests: readonly ImageRequest[],
  { from = [], ...platforms }: PlatformOptions & Pick<ResolvePlanOptions, 'from'>,
): LocalRequest {
  const names = requests.map(({ reference }) => reference);
  return { from, names, platforms: allPlatforms(platforms) };
}

/**
 * Opens the local sources for the images of the specs.
 *
 * @param output the bundle that is built, if it is a file
 */
export function openLocal(
  read: Requests,
  options: ResolvePlanOptions,
  output?: string,
): Promise<LocalSources> {
  const { signal, onEvent } = options;
  return LocalSources.open({
    ...localRequest(read.requests, { ...options, ...chosenPlatforms(read) }),
    output,
    signal,
    onEvent: withTime(onEvent),
  });
}

/** The source of an image: the local one that has it, else its registry. */
export function sourceOf({ local, registries }: PlanSources): SourceOf {
  return name => local.imageOf(name) ?? registries.source(name);
}

/**
 * The sources of a blob, in order: the layouts that have it, else the registry of one of its images.
 *
 * @param remote replaces each registry
 */
export function blobSources(
  { local, registries }: PlanSources,
  layouts: readonly Layout[],
  { blob, from }: BlobRef,
  remote: (source: BlobSource) => BlobSource = source => source,
): readonly BlobSource[] {
  return [
    ...layouts.filter(layout => layout.contains(blob)),
    ...(local.imageOf(from) ? [] : registries.source(from).sources.map(remote)),
  ];
}

/** Resolves every request, lints the resolutions, and plans the bundle. */
export async function resolvePlan(
  planSources: PlanSources,
  read: Requests,
  options: ResolvePlanOptions,
): Promise<ResolvedPlan> {
  const { requests, sources, findings, lintRun, policy } = read;
  const { local } = planSources;
  const { sourceDateEpoch = 0 } = options;
  const platforms = platformsOf(chosenPlatforms(read));
  const onEvent = withTime(options.onEvent);
  onEvent?.({ type: 'phase', phase: 'resolve' });
  const resolutions = await resolveAll(sourceOf(planSources), requests, platforms, onEvent);
  const listed = imagesOf(resolutions);
  local.reportNewDigests(listed);
  const referrers = read.isLocked
    ? await pinnedReferrers(sourceOf(planSources), requests.flatMap(pinnedNames))
    : await unlockedReferrers(planSources, listed, { onEvent, referrers: read.referrers });
  const images = [...listed, ...referrers];
  const signatures = policy.isEmpty ? [] : await policy.check(resolvedImages(sourceOf(planSources), images));
  const online = lintRun.resolutions(resolutions, options.locations ?? {});
  for (const finding of online) onEvent?.({ type: 'finding', finding });
  const order = blobOrder(images);
  return {
    sources,
    findings: lintRun.inOrder([...findings, ...online]),
    images,
    signatures,
    from: new Map(images.flatMap(({ reference }) => fromOf(local, reference))),
    local: localRequest(requests, { ...options, ...chosenPlatforms(read) }),
    tarPlan: planTar(bundleEntries(images, order), sourceDateEpoch),
    order,
  };
}

/** The platforms of the lock, or those that were requested. */
function chosenPlatforms({ platforms, imagePlatforms }: Requests): PlatformOptions {
  return { platforms, imagePlatforms };
}

function fromOf(local: LocalSources, reference: Reference): [string, string][] {
  const image = local.imageOf(reference);
  return image ? [[reference.toString(), image.from]] : [];
}

/** Finds referrers where their images come from. */
async function allReferrers(
  { registries, local }: PlanSources,
  images: readonly ResolvedImage[],
  onEvent: OnEvent | undefined,
): Promise<ResolvedImage[]> {
  // A mirror answers for its registry: what it lacks is not requested there.
  const registryOf: SourceOf = name => registries.source(name).firstAnswer();
  const remote = images.filter(({ reference }) => local.imageOf(reference) === undefined);
  const found = await findReferrers(registryOf, remote, onEvent);
  for (const image of images) {
    const source = local.imageOf(image.reference);
    if (!source) continue;
    const referrers = await findReferrers(() => source, [image], onEvent);
    local.addReferrers(source, referrers);
    found.push(...referrers);
  }
  return found;
}

/** The referrers of images as their sources list them now, if they are requested. */
export async function unlockedReferrers(
  planSources: PlanSources,
  images: readonly ResolvedImage[],
  { referrers = false, onEvent }: { readonly referrers?: boolean; readonly onEvent?: OnEvent | undefined },
): Promise<ResolvedImage[]> {
  return referrers ? allReferrers(planSources, images, onEvent) : [];
}

/** The referrers that the lock has for a request. */
export function pinnedNames({ reference, pin }: LockedRequest): PinnedReferrer[] {
  return (pin?.referrers ?? []).map(({ tag, digest }) => ({
    name: tag === undefined ? reference.withDigest(digest) : reference.withTag(tag),
    digest,
  }));
}

/** @throws AirgapError with every failed resolution, each at its position */
export function imagesOf(resolutions: readonly Resolution<LockedRequest>[]): ResolvedImage[] {
  const errors = resolutions.flatMap(({ request, error }) => {
    const position = request.pin?.digestPosition ?? request.positions[0];
    if (!error) return [];
    return position ? [error.withContext({ position })] : [error];
  });
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be resolved`);
  return resolutions.flatMap(({ image }) => image ?? []);
}

/** @throws AirgapError `FINDINGS` for a warning or an error */
export function rejectFindings(findings: readonly Finding[]): void {
  const { length } = findings.filter(({ severity }) => isAtLeast(severity, 'warning'));
  if (length === 0) return;
  const noun = length === 1 ? 'finding' : 'findings';
  throw new AirgapError('FINDINGS', `the specs have ${length} ${noun}`, {
    hint: 'Fix them, or build without --strict.',
  });
}
