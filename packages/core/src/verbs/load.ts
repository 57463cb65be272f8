import { resolve } from 'node:path';
import { selectImages } from '../bundle/select.ts';
import { findMissing, type PushDiff } from '../copy/find-missing.ts';
import { type ImageMapping, mapImages } from '../copy/image-mapping.ts';
import { expectedTransfers, push, type TransferCount, type TransferCounts } from '../copy/push.ts';
import { planPush } from '../copy/push-plan.ts';
import { updateReferrers } from '../copy/referrers-index.ts';
import type { TargetOf } from '../copy/target-of.ts';
import { UploadBodies } from '../copy/upload-bodies.ts';
import type { Layout } from '../layout/layout.ts';
import { openLayout } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import type { Digest } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { type Naming, parseTargetLocation } from '../reference/relocation.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { isRuntimeTarget, type RuntimeTarget } from '../runtime/target.ts';
import { withTime } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import { checkOptions } from './check-options.ts';
import { type LoadRuntimeResult, loadRuntime } from './load-runtime.ts';

export interface LoadOptions extends RegistryOptions {
  /** Path of the bundle. */
  readonly bundle: string;
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
}

/** What to do when a tag exists with another digest. A tag with the same digest is never pushed again. */
export const ON_EXISTING = ['overwrite', 'skip', 'fail'] as const;
export type OnExisting = (typeof ON_EXISTING)[number];

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
 * blob is uploaded once and mounted into other repositories. Tags are pushed last, after the registry has confirmed
 * every digest, and are then read back.
 *
 * @throws AirgapError `INPUT` for names that collide and tags that must not be overwritten, `USAGE`, `BUNDLE`,
 * `CONTENT` when the bundle is damaged or the registry stored something else, `INTERRUPTED`, and what registries
 * throw
 */
export async function loadRegistry(options: LoadOptions): Promise<LoadResult> {
  checkOptions('loadRegistry', options, ['bundle', 'target']);
  const started = performance.now();
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const location = parseTargetLocation(options.target);
  return interruptible(options.signal, async () => {
    await using layout = await openLayout(options.bundle);
    withTime(options.onEvent)?.({ type: 'phase', phase: 'read' });
    const names = await selectImages(layout, options.images);
    const mappings = mapImages(names, { naming: options.naming ?? 'path', target: location });
    await using registries = await Registries.open({ ...options, signal });
    const targetOf: TargetOf = repository =>
      registries.target(Reference.inRepository(location.registry, repository));
    const tags = await resolveTags(targetOf, mappings, options.onExisting ?? 'overwrite');
    const stop = (reason: unknown) => stopper.abort(reason);
    const context = { layout, targetOf, registry: location.registry, tags, signal, stop };
    const transfers = await pushImages(context, options);
    const { dryRun = false } = options;
    if (!dryRun) await readBackTags(targetOf, tags);
    return {
      path: resolve(options.bundle),
      target: options.target,
      dryRun,
      images: tags.map(toLoadedImage),
      ...transfers,
      elapsed: performance.now() - started,
    };
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
  { dryRun, onEvent: listener = () => {} }: LoadOptions,
): Promise<TransferCounts> {
  const onEvent = withTime(listener);
  const { layout, targetOf, registry, tags, signal, stop } = context;
  const requested = tags.filter(({ state }) => state !== 'skipped').map(({ mapping }) => mapping);
  const plan = await planPush(layout, requested);
  const diff = await findMissing(targetOf, plan);
  const expected = expectedTransfers(diff);
  const { blobs, bytes } = expected.uploaded;
  onEvent({ type: 'planned', images: tags.length, blobs, bytes, size: layout.size });
  if (dryRun) return expected;
  onEvent({ type: 'phase', phase: 'move' });
  await using hashPool = new HashPool(signal);
  const bodies = new UploadBodies(layout, hashPool, onEvent);
  const transfers = await push(diff, { targetOf, source: layout, bodies, onEvent, stop });
  onEvent({ type: 'phase', phase: 'finish' });
  // Before the tags: a tag must never point to incomplete content.
  await checkPushed(targetOf, diff, registry);
  await updateReferrers(targetOf, plan.referrers);
  await putTags(context);
  return transfers;
}

/**
 * Pushes the tags; the manifests already exist by digest. Tags of one repository are pushed one after another:
 * distribution rewrites the manifest for each tag, and rejects an index that refers to it during the write.
 */
async function putTags({ targetOf, layout, tags }: PushContext): Promise<void> {
  const byRepository = new Map<string, ImageMapping[]>();
  for (const { state, mapping } of tags) {
    if (state !== 'pushed' || mapping.to.tag === undefined) continue;
    const { repository } = mapping.to;
    byRepository.set(repository, [...(byRepository.get(repository) ?? []), mapping]);
  }
  const putSequentially = async (mappings: readonly ImageMapping[]) => {
    for (const { to, root } of mappings)
      await targetOf(to.repository).putManifest(await layout.manifest(root), to.tag);
  };
  await Promise.all([...byRepository.values()].map(putSequentially));
}

/** Checks that the registry has everything that it accepted. @throws AirgapError `CONTENT` */
async function checkPushed(targetOf: TargetOf, diff: PushDiff, registry: string): Promise<void> {
  const pushed = diff.blobs.map(({ blob, missing }) => ({ blob, repositories: missing }));
  const { blobs, levels } = await findMissing(targetOf, { blobs: pushed, levels: diff.levels });
  const [missing] = [...blobs.map(({ blob }) => blob), ...levels.flat().map(({ descriptor }) => descriptor)];
  if (missing === undefined) return;
  throw new AirgapError('CONTENT', 'the registry accepted this digest but does not have it', {
    where: { digest: missing.digest, host: registry },
    hint: `Load again; if it persists, check the storage of ${registry}.`,
  });
}

/** A mapped reference and its state at the target. */
interface TargetTag {
  readonly mapping: ImageMapping;
  readonly state: LoadedImage['state'];
  /** The digest that the target returned last. */
  found: Digest | undefined;
}

/** Resolves every mapped reference at the target. @throws AirgapError `INPUT` for tags that must not be overwritten */
async function resolveTags(
  targetOf: TargetOf,
  mappings: readonly ImageMapping[],
  onExisting: OnExisting,
): Promise<TargetTag[]> {
  const conflicts: AirgapError[] = [];
  const resolveTag = async (mapping: ImageMapping): Promise<TargetTag> => {
    const found = await digestAt(targetOf, mapping.to);
    if (found === mapping.root.digest) return { mapping, found, state: 'present' };
    if (found !== undefined && onExisting === 'fail') conflicts.push(tagExists(mapping, found));
    return { mapping, found, state: found !== undefined && onExisting === 'skip' ? 'skipped' : 'pushed' };
  };
  const tags = await Promise.all(mappings.map(resolveTag));
  if (conflicts.length > 0)
    throw AirgapError.all(conflicts, `${conflicts.length} tags already exist with another digest`);
  return tags;
}

/** Resolves every reference again. @throws AirgapError `CONTENT` when one does not have the digest of the bundle */
async function readBackTags(targetOf: TargetOf, tags: readonly TargetTag[]): Promise<void> {
  const readBack = async (tag: TargetTag) => {
    tag.found = await digestAt(targetOf, tag.mapping.to);
    if (tag.state !== 'skipped' && tag.found !== tag.mapping.root.digest)
      throw unexpectedTag(tag.mapping, tag.found);
  };
  await Promise.all(tags.map(readBack));
}

/** The digest that a reference has at the target. */
function digestAt(targetOf: TargetOf, to: Reference): Promise<Digest | undefined> {
  return targetOf(to.repository).digestOf(to.digest ?? to.effectiveTag ?? '');
}

function toLoadedImage({ mapping: { name, to, root }, state, found }: TargetTag): LoadedImage {
  return { name: name.toString(), destination: to.toString(), digest: root.digest, found, state };
}

function tagExists({ to, root }: ImageMapping, found: Digest): AirgapError {
  return new AirgapError(
    'INPUT',
    `tag ${to} already exists with digest ${found} (bundle has ${root.digest})`,
    { hint: 'Use --on-existing overwrite or skip, or load under another prefix.' },
  );
}

function unexpectedTag({ to, root }: ImageMapping, found: Digest | undefined): AirgapError {
  const message =
    found === undefined
      ? `the registry accepted ${to} but does not have it: expected ${root.digest}`
      : `digest mismatch for ${to}: expected ${root.digest}, got ${found}`;
  return new AirgapError('CONTENT', message, {
    where: { image: to.toString(), digest: root.digest },
    hint: 'Load again; if it persists, check for other clients that push this tag and for the storage of the registry.',
  });
}
