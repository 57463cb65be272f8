import { resolve } from 'node:path';
import { LayoutContents } from '../bundle/layout-contents.ts';
import { selectImages } from '../bundle/select.ts';
import { checkMediaTypes, checkPushed, checkRepositories } from '../copy/check-target.ts';
import { findMissing, type MissingBlob, type PushDiff, withMissingManifests } from '../copy/find-missing.ts';
import { type ImageMapping, mapImages } from '../copy/image-mapping.ts';
import {
  addTransfers,
  expectedTransfers,
  push,
  type TransferCount,
  type TransferCounts,
} from '../copy/push.ts';
import { type PushPlan, planPush } from '../copy/push-plan.ts';
import { updateReferrers } from '../copy/referrers-index.ts';
import {
  type OnExisting,
  putTags,
  readBackTags,
  reportRefusedChecks,
  resolveTags,
  type TargetTag,
} from '../copy/tags.ts';
import type { TargetOf } from '../copy/target-of.ts';
import { UploadBodies } from '../copy/upload-bodies.ts';
import type { Layout } from '../layout/layout.ts';
import { missingBase } from '../layout/missing-base.ts';
import { openLayout } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import { type Naming, parseTargetLocation } from '../reference/relocation.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { isRuntimeTarget, type RuntimeTarget } from '../runtime/target.ts';
import { requireSigned, type SignatureOptions } from '../signing/bundle-checksums.ts';
import type { ImageSignature, SignatureRule } from '../signing/image-policy.ts';
import { requireImageSignatures } from '../signing/layout-images.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import { checkOptions } from './check-options.ts';
import { type LoadRuntimeResult, loadRuntime } from './load-runtime.ts';

export interface LoadOptions extends RegistryOptions, SignatureOptions {
  /** Path of the bundle. */
  readonly bundle: string;
  /** Layouts that have the layers that a delta leaves to its base. The target may have them as well. */
  readonly base?: readonly string[] | undefined;
  /** `REGISTRY[/PREFIX]`, or a runtime: `docker:`, `podman:`, `containerd:[NAMESPACE]`. */
  readonly target: string;
  /** Default `path`. */
  readonly naming?: Naming | undefined;
  /** Names to load, `*` matches any characters; all names when omitted. */
  readonly images?: readonly string[] | undefined;
  /** What to do when a tag exists with another digest. Default `overwrite`. */
  readonly onExisting?: OnExisting | undefined;
  /** Report what would be pushed, and push nothing. */
  readonly dryRun?: boolean | undefined;
  /** Query also the blobs of images whose manifests the target has: a registry may have lost one. */
  readonly checkBlobs?: boolean | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
}

/** The outcome of a load for one name of the bundle. */
export interface LoadedImage {
  readonly name: string;
  /** The reference at the target. */
  readonly destination: string;
  /** The digest that the name has in the bundle. */
  readonly digest: string;
  /** The digest that the target returns for the reference after the load; undefined when it does not exist. */
  readonly found: string | undefined;
  /**
   * - `pushed`   the reference was missing, or had another digest
   * - `present`  the reference already had this digest
   * - `skipped`  the reference has another digest, and `onExisting` is `skip`
   */
  readonly state: 'pushed' | 'present' | 'skipped';
}

/** The outcome of a load. */
export interface LoadResult {
  /** Absolute path of the bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  readonly images: readonly LoadedImage[];
  /** Blobs that were uploaded, or would be in a dry run. */
  readonly uploaded: TransferCount;
  /** Blobs that were mounted from another repository of the registry, or would be in a dry run. */
  readonly mounted: TransferCount;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Loads a bundle into a registry ({@link loadRegistry}) or a container runtime ({@link loadRuntime}).
 *
 * @throws AirgapError as those
 */
export function load(options: LoadOptions & { readonly target: RuntimeTarget }): Promise<LoadRuntimeResult>;
/** A `target` that is typed as any string may be either. */
export function load<Target extends string>(
  options: LoadOptions & { readonly target: Target },
): Promise<string extends Target ? LoadResult | LoadRuntimeResult : LoadResult>;
export async function load(options: LoadOptions): Promise<LoadResult | LoadRuntimeResult> {
  checkOptions('load', options, ['bundle', 'target']);
  return isRuntimeTarget(options.target) ? loadRuntime(options) : loadRegistry(options);
}

/**
 * Pushes a bundle to a registry, straight from the file. Content that already exists is skipped, and each missing
 * blob is uploaded once and mounted into other repositories. A registry stores a manifest after its blobs: those of an
 * image that the target has by its name, with all its manifests, are not queried unless `checkBlobs` is set. Tags are pushed last, after the registry has confirmed
 * every digest, and are then read back.
 *
 * @throws AirgapError `INPUT` for names that collide, tags that must not be overwritten, and a delta of which a layer is
 * neither at the target nor in its base (nothing is pushed then); `USAGE`, `BUNDLE`,
 * `CONTENT` when the bundle is damaged, not signed by `publicKey`, or the registry stored something else, `INTERRUPTED`,
 * and what registries
 * throw
 */
export async function loadRegistry(options: LoadOptions): Promise<LoadResult> {
  checkOptions('loadRegistry', options, ['bundle', 'target']);
  const started = performance.now();
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const location = parseTargetLocation(options.target);
  return interruptible(
    options.signal,
    async () => {
      const { onExisting = 'overwrite', dryRun = false } = options;
      const onEvent = withTime(options.onEvent ?? (() => {}));
      await using layout = await openLayout(options.bundle, options.base, { signal, onEvent });
      await requireSigned(layout, options.bundle, options, onEvent);
      const signatures = await requireImageSignatures(layout, options.signatures);
      onEvent({ type: 'phase', phase: 'read' });
      const names = await selectImages(layout, options.images);
      const mappings = mapImages(names, { naming: options.naming ?? 'path', target: location });
      await using registries = await Registries.open({ ...options, signal });
      const targetOf: TargetOf = repository =>
        registries.target(Reference.inRepository(location.registry, repository));
      onEvent({ type: 'phase', phase: 'query', host: location.registry });
      const tags = await resolveTags(targetOf, mappings, onExisting);
      if (onExisting !== 'overwrite' || dryRun) reportRefusedChecks(targetOf, tags, onExisting, onEvent);
      const stop = (reason: unknown) => stopper.abort(reason);
      const context = { layout, targetOf, registry: location.registry, tags, signal, stop };
      const transfers = await pushImages(context, options);
      if (!dryRun) {
        onEvent({ type: 'phase', phase: 'check', host: location.registry });
        await readBackTags(targetOf, tags, signal, onEvent);
      }
      return {
        path: resolve(options.bundle),
        target: options.target,
        dryRun,
        signatures,
        images: tags.map(toLoadedImage),
        ...transfers,
        elapsed: performance.now() - started,
      };
    },
    cause => interruptedLoad(cause, location.registry),
  );
}

/** Content comes before its tags, so what has arrived does no harm. */
function interruptedLoad(cause: unknown, registry: string): AirgapError {
  return new AirgapError('INTERRUPTED', `interrupted: what ${registry} has received stays there`, {
    hint: 'Run the same command again to resume: it skips what is there.',
    cause,
  });
}

interface PushContext {
  readonly layout: Layout;
  readonly targetOf: TargetOf;
  readonly registry: string;
  readonly tags: readonly TargetTag[];
  readonly signal: AbortSignal;
  readonly stop: (reason: unknown) => void;
}

/** Finds missing content and pushes it, unless this is a dry run. */
async function pushImages(
  context: PushContext,
  { dryRun, checkBlobs = false, onEvent: listener = () => {} }: LoadOptions,
): Promise<TransferCounts> {
  const onEvent = withTime(listener);
  const { layout, targetOf, registry, tags, signal, stop } = context;
  const pushed = mappingsOf(tags, 'pushed');
  const { plan, found } = await planAndCompare(context, checkBlobs, onEvent);
  const diff = { ...found, blobs: await locateAbsent(layout, targetOf, found.blobs, tags) };
  const expected = expectedTransfers(diff);
  const { blobs, bytes } = expected.uploaded;
  onEvent({ type: 'planned', images: tags.length, blobs, bytes, size: layout.size });
  if (dryRun) {
    await checkRepositories(targetOf, pushed, onEvent);
    return expected;
  }
  if (diff.blobs.length > 0) await checkMediaTypes(targetOf, layout, pushed, diff);
  onEvent({ type: 'phase', phase: 'move', host: registry });
  await using hashPool = new HashPool(signal);
  const bodies = new UploadBodies(layout, hashPool, onEvent);
  const options = { targetOf, source: layout, bodies, onEvent, stop };
  // What a delta does not have can only be mounted: if the registry refuses that, nothing was uploaded.
  const mounts = diff.blobs.filter(({ blob }) => layout.expects(blob));
  const uploads = diff.blobs.filter(({ blob }) => !layout.expects(blob));
  const mounted = await push({ blobs: mounts, levels: [] }, options);
  const transfers = addTransfers(mounted, await push({ ...diff, blobs: uploads }, options));
  onEvent({ type: 'phase', phase: 'check', host: registry });
  // Before the tags: a tag must never point to incomplete content.
  await checkPushed(targetOf, diff, registry, signal, onEvent);
  await updateReferrers(targetOf, plan.referrers);
  onEvent({ type: 'phase', phase: 'tag', host: registry });
  await putTags(targetOf, layout, tags, onEvent);
  return transfers;
}

/** Plans the push and queries what the target has of it. */
async function planAndCompare(
  { layout, targetOf, tags }: PushContext,
  checkBlobs: boolean,
  onEvent: OnEvent,
): Promise<{ plan: PushPlan; found: PushDiff }> {
  const pushed = mappingsOf(tags, 'pushed');
  const present = mappingsOf(tags, 'present');
  const requested = [...pushed, ...present];
  const compare = async (incomplete: readonly ImageMapping[]) => {
    const plan = await planPush(layout, requested, incomplete);
    return { plan, found: await findMissing(targetOf, plan, onEvent) };
  };
  const compared = await compare(checkBlobs ? requested : pushed);
  const damaged = checkBlobs ? [] : await withMissingManifests(layout, present, compared.found);
  return damaged.length === 0 ? compared : compare([...pushed, ...damaged]);
}

function mappingsOf(tags: readonly TargetTag[], wanted: TargetTag['state']): ImageMapping[] {
  return tags.filter(({ state }) => state === wanted).map(({ mapping }) => mapping);
}

/**
 * Finds the layers that a delta leaves to its base: if no repository that needs one has it, another repository of this
 * load may, from which it can be mounted.
 *
 * @throws AirgapError `INPUT` with every layer that is missing
 */
async function locateAbsent(
  layout: Layout,
  targetOf: TargetOf,
  blobs: readonly MissingBlob[],
  tags: readonly TargetTag[],
): Promise<MissingBlob[]> {
  const repositories = [...new Set(tags.map(({ mapping }) => mapping.to.repository))];
  const needed: Descriptor[] = [];
  const locate = async (missing: MissingBlob): Promise<MissingBlob> => {
    const { blob, present } = missing;
    if (!layout.expects(blob) || present.length > 0) return missing;
    for (const repository of repositories)
      if (await targetOf(repository).has(blob)) return { ...missing, present: [repository] };
    needed.push(blob);
    return missing;
  };
  const located = await Promise.all(blobs.map(locate));
  if (needed.length === 0) return located;
  const [registry] = new Set(tags.map(({ mapping }) => mapping.to.registry));
  const contents = await LayoutContents.read(layout);
  const named = needed.map(blob => ({ ...blob, images: contents.imagesOf(blob) }));
  throw missingBase(layout, named, `${registry} does not have ${needed.length === 1 ? 'it' : 'them'}`);
}

function toLoadedImage({ mapping: { name, to, root }, state, found }: TargetTag): LoadedImage {
  return { name: name.toString(), destination: to.toString(), digest: root.digest, found, state };
}
