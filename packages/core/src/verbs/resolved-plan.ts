import { bundleEntries } from '../bundle/contents.ts';
import type { BundlePlan } from '../bundle/entry-content.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import type { RegistrySettings } from '../input/references.ts';
import { imageRequests } from '../input/requests.ts';
import { LintRun } from '../lint/lint-run.ts';
import type { RuleSetting } from '../lint/rule-api/rule-setting.ts';
import {
  type LockedRequest,
  lockedPlatforms,
  lockedRequests,
  requireLockedReferrers,
} from '../lock/locked-requests.ts';
import { readLock } from '../lock/read-lock.ts';
import { AirgapError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { DEFAULT_PLATFORMS } from '../oci/platform.ts';
import type { Registries } from '../registry/registries.ts';
import { type PinnedReferrer, pinnedReferrers } from '../resolve/pinned-referrers.ts';
import { findReferrers } from '../resolve/referrers.ts';
import { type Resolution, resolveAll } from '../resolve/resolve-all.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import { ImagePolicy, type ImageSignature, type SignatureRule } from '../signing/image-policy.ts';
import { resolvedImages } from '../signing/resolved-images.ts';
import { type OnEvent, type OnTimedEvent, withTime } from '../store/events.ts';
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
  /** The path of a lock: exactly its digests are fetched, whatever tags point to now. */
  readonly locked?: string | undefined;
  /** Which key must have signed which images. Signatures and other referrers are then included. */
  readonly signatures?: readonly SignatureRule[] | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** Everything that is known before the first blob is transferred. */
export interface ResolvedPlan {
  readonly sources: readonly SourceText[];
  readonly findings: readonly Finding[];
  readonly images: readonly ResolvedImage[];
  /** The images that the policy is about. */
  readonly signatures: readonly ImageSignature[];
  readonly tarPlan: BundlePlan;
}

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
  const requested = platformChoice(options.platforms);
  const platforms = lock ? lockedPlatforms(lock, requested) : (requested ?? DEFAULT_PLATFORMS);
  const policy = await ImagePolicy.read(options.signatures);
  // The other side needs the signatures to check them.
  const referrers = options.referrers || !policy.isEmpty;
  if (lock) requireLockedReferrers(lock, referrers);
  const lintRun = new LintRun(spec, rules);
  const findings = lintRun.specs(locations);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  const sources = spec.sources.filter(({ rendered }) => !rendered);
  return { sources, findings, requests, lintRun, platforms, policy, referrers, isLocked: lock !== undefined };
}

/** Resolves every request, lints the resolutions, and plans the bundle. */
export async function resolvePlan(
  registries: Registries,
  read: Awaited<ReturnType<typeof readRequests>>,
  options: ResolvePlanOptions,
): Promise<ResolvedPlan> {
  const { requests, sources, findings, lintRun, platforms, policy } = read;
  const { sourceDateEpoch = 0 } = options;
  const onEvent = withTime(options.onEvent);
  onEvent?.({ type: 'phase', phase: 'resolve' });
  const resolutions = await resolveAll(name => registries.source(name), requests, platforms, onEvent);
  const listed = imagesOf(resolutions);
  const referrers = read.isLocked
    ? await pinnedReferrers(name => registries.source(name), requests.flatMap(pinnedNames))
    : await unlockedReferrers(registries, listed, { onEvent, referrers: read.referrers });
  const images = [...listed, ...referrers];
  const sourceOf: SourceOf = name => registries.source(name);
  const signatures = policy.isEmpty ? [] : await policy.check(resolvedImages(sourceOf, images));
  const online = lintRun.resolutions(resolutions);
  for (const finding of online) onEvent?.({ type: 'finding', finding });
  return {
    sources,
    findings: lintRun.inOrder([...findings, ...online]),
    images,
    signatures,
    tarPlan: planTar(bundleEntries(images, platforms), sourceDateEpoch),
  };
}

/** The referrers of images as the registries list them now, if they are requested. */
export async function unlockedReferrers(
  registries: Registries,
  images: readonly ResolvedImage[],
  { referrers = false, onEvent }: { readonly referrers?: boolean; readonly onEvent?: OnEvent | undefined },
): Promise<ResolvedImage[]> {
  // A mirror answers for its registry: what it lacks is not requested there.
  const sourceOf: SourceOf = name => registries.source(name).firstAnswer();
  return referrers ? findReferrers(sourceOf, images, onEvent) : [];
}

/** The referrers that the lock has for a request. */
function pinnedNames({ reference, pin }: LockedRequest): PinnedReferrer[] {
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
