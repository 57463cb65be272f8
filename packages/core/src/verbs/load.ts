import { resolve } from 'node:path';
import { BundleReader } from '../bundle/reader.ts';
import { selectImages } from '../bundle/select.ts';
import { findMissing, type PushDiff } from '../copy/find-missing.ts';
import { type ImageMapping, mapImages } from '../copy/image-mapping.ts';
import { expectedTraffic, push, type Traffic, type Traffics } from '../copy/push.ts';
import { planPush } from '../copy/push-plan.ts';
import { updateReferrers } from '../copy/referrers-index.ts';
import { UploadBodies } from '../copy/upload-bodies.ts';
import { AirgapError } from '../model/errors.ts';
import { interrupted } from '../model/interrupted.ts';
import type { Digest } from '../oci/digest.ts';
import { type Naming, parseTargetLocation, type TargetLocation } from '../reference/relocation.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { HashPool } from '../store/hash-pool.ts';
import type { ImageTarget } from '../store/image-target.ts';
import type { PlacedEntry } from '../tar/walk.ts';

export interface LoadOptions extends RegistryOptions {
  /** The bundle's path. */
  readonly bundle: string;
  /** `REGISTRY[/PREFIX]`. */
  readonly target: string;
  /** Default `path`. */
  readonly naming?: Naming | undefined;
  /** Names of the bundle to load, `*` stands for anything; all when left out. */
  readonly images?: readonly string[] | undefined;
  /** What to do with a tag that stands for something else there. Default `overwrite`. */
  readonly onExisting?: OnExisting | undefined;
  /** Ask, and push nothing. */
  readonly dryRun?: boolean | undefined;
}

/** A tag that stands for the same image already is left as it is with each of them. */
export const ON_EXISTING = ['overwrite', 'skip', 'fail'] as const;
export type OnExisting = (typeof ON_EXISTING)[number];

/** One name of the bundle, and what became of it. */
export interface LoadedImage {
  readonly name: string;
  readonly destination: string;
  /** What the name stands for in the bundle. */
  readonly digest: string;
  /** What the target says that it stands for, asked afterwards; nothing when it is not there. */
  readonly found: string | undefined;
  /**
   * - `pushed`   it was not there, or stood for something else
   * - `present`  it stood for the same image already
   * - `kept`     it stands for something else, and was left so
   */
  readonly state: 'pushed' | 'present' | 'skipped';
}

export interface LoadResult {
  /** The bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  readonly images: readonly LoadedImage[];
  /** What crossed the wire, or would. */
  readonly uploaded: Traffic;
  /** What another repository of the registry had, or would have by then. */
  readonly mounted: Traffic;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Pushes a bundle into a registry, straight from the file: what is there already stays, a blob crosses the wire once
 * however many repositories need it, tags come last, once the registry has said that it has every digest, and in the end
 * it is asked what each name stands for.
 *
 * @throws AirgapError `INPUT` for names that collide, `USAGE`, `BUNDLE`, `CONTENT` when the bundle is damaged or the
 * registry stored something else, `INTERRUPTED`, and what registries throw
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const started = performance.now();
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const location = parseTargetLocation(options.target);
  try {
    await using bundle = await BundleReader.open(options.bundle);
    options.onEvent?.({ type: 'phase', phase: 'read' });
    const entries = await bundle.entries();
    const names = await selectImages(bundle, entries, options.images);
    const mappings = mapImages(names, { naming: options.naming ?? 'path', target: location });
    await using registries = await Registries.open({ ...options, signal });
    const target = registries.target(location.registry);
    const tags = await askTags(target, mappings, options.onExisting ?? 'overwrite');
    const stop = (reason: unknown) => stopper.abort(reason);
    const traffic = await move({ bundle, entries, target, tags, signal, stop }, location, options);
    const { dryRun = false } = options;
    if (!dryRun) await readBack(target, tags);
    return {
      path: resolve(options.bundle),
      target: options.target,
      dryRun,
      images: tags.map(report),
      ...traffic,
      elapsed: performance.now() - started,
    };
  } catch (error) {
    throw options.signal?.aborted ? interrupted(error) : error;
  }
}

interface Moving {
  readonly bundle: BundleReader;
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  readonly target: ImageTarget;
  readonly tags: readonly Tag[];
  readonly signal: AbortSignal;
  readonly stop: (reason: unknown) => void;
}

/** Finds out what is missing, and brings it unless this is a rehearsal. */
async function move(
  { bundle, entries, target, tags, signal, stop }: Moving,
  { registry }: TargetLocation,
  { dryRun, onEvent = () => {} }: LoadOptions,
): Promise<Traffics> {
  const wanted = tags.filter(({ state }) => state !== 'skipped').map(({ mapping }) => mapping);
  const plan = await planPush(bundle, entries, wanted);
  const work = await findMissing(target, plan, registry);
  const expected = expectedTraffic(work);
  const { blobs, bytes } = expected.uploaded;
  onEvent({ type: 'planned', images: tags.length, blobs, bytes, size: bundle.size });
  if (dryRun) return expected;
  onEvent({ type: 'phase', phase: 'move' });
  await using threads = new HashPool(signal);
  const bodies = new UploadBodies(bundle, entries, threads, onEvent);
  const traffic = await push(work, { target, registry, bundle, entries, bodies, onEvent, stop });
  onEvent({ type: 'phase', phase: 'finish' });
  // Asked before the tags are put: none shall stand for what is not whole.
  const brought = work.blobs.map(({ blob, missing }) => ({ blob, repositories: missing }));
  checkNothingIsMissing(
    await findMissing(target, { blobs: brought, levels: work.levels }, registry),
    registry,
  );
  await updateReferrers(target, registry, plan.referrers);
  await putTags(target, bundle, entries, tags);
  return traffic;
}

/**
 * Puts the names that are tags; by their digests the manifests are there already. One after another in a repository:
 * distribution writes a manifest anew for each tag, and refuses an index that needs it in that moment.
 */
async function putTags(
  target: ImageTarget,
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  tags: readonly Tag[],
): Promise<void> {
  const repositories = new Map<string, ImageMapping[]>();
  for (const { state, mapping } of tags) {
    if (state !== 'pushed' || mapping.to.tag === undefined) continue;
    const { repository } = mapping.to;
    repositories.set(repository, [...(repositories.get(repository) ?? []), mapping]);
  }
  const inTurn = async (mappings: readonly ImageMapping[]) => {
    for (const { to, root } of mappings) await target.putManifest(to, await bundle.manifest(entries, root));
  };
  await Promise.all([...repositories.values()].map(inTurn));
}

/** @throws AirgapError `CONTENT` when the registry lacks what it has taken */
function checkNothingIsMissing({ blobs, levels }: PushDiff, host: string): void {
  const [lacking] = [...blobs.map(({ blob }) => blob), ...levels.flat().map(({ descriptor }) => descriptor)];
  if (lacking === undefined) return;
  throw new AirgapError('CONTENT', 'the registry does not have what it has taken', {
    where: { digest: lacking.digest, host },
    hint: `It loses what it is given: ask whoever runs ${host}, and load again.`,
  });
}

/** A name at the target. */
interface Tag {
  readonly mapping: ImageMapping;
  readonly state: LoadedImage['state'];
  found: Digest | undefined;
}

/** Asks what every name stands for now. @throws AirgapError `INPUT` for what must not be overwritten */
async function askTags(
  target: ImageTarget,
  mappings: readonly ImageMapping[],
  onExisting: OnExisting,
): Promise<Tag[]> {
  const refused: AirgapError[] = [];
  const ask = async (mapping: ImageMapping): Promise<Tag> => {
    const found = await target.digestOf(mapping.to);
    if (found === mapping.root.digest) return { mapping, found, state: 'present' };
    if (found !== undefined && onExisting === 'fail') refused.push(taken(mapping, found));
    return { mapping, found, state: found !== undefined && onExisting === 'skip' ? 'skipped' : 'pushed' };
  };
  const tags = await Promise.all(mappings.map(ask));
  if (refused.length > 0) throw AirgapError.all(refused, `${refused.length} names stand for something else`);
  return tags;
}

/** Asks again. @throws AirgapError `CONTENT` when a name does not stand for what the bundle has */
async function readBack(target: ImageTarget, tags: readonly Tag[]): Promise<void> {
  const ask = async (tag: Tag) => {
    tag.found = await target.digestOf(tag.mapping.to);
    if (tag.state !== 'skipped' && tag.found !== tag.mapping.root.digest) throw lost(tag.mapping, tag.found);
  };
  await Promise.all(tags.map(ask));
}

function report({ mapping: { name, to, root }, state, found }: Tag): LoadedImage {
  return { name: name.toString(), destination: to.toString(), digest: root.digest, found, state };
}

function taken({ to, root }: ImageMapping, found: Digest): AirgapError {
  return new AirgapError('INPUT', `${to} stands for ${found} already, and not for ${root.digest}`, {
    hint: 'Use --on-existing overwrite or skip, or load under another prefix.',
  });
}

function lost({ to, root }: ImageMapping, found: Digest | undefined): AirgapError {
  return new AirgapError(
    'CONTENT',
    `the registry says that ${to} is ${found ?? 'not there'}, and was given ${root.digest}`,
    {
      where: { image: to.toString(), digest: root.digest },
      hint: 'Somebody else pushed the same name meanwhile, or the registry loses what it is given: load again.',
    },
  );
}
