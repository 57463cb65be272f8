import type { BundleReader } from '../bundle/reader.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageTarget, PushOutcome } from '../store/image-target.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { MissingBlob, PushDiff } from './find-missing.ts';
import type { PlannedManifest } from './push-plan.ts';
import type { UploadBodies } from './upload-bodies.ts';

/** How many blobs moved in which way, and their bytes. */
export interface Traffic {
  readonly blobs: number;
  readonly bytes: number;
}

export type Traffics = Readonly<Record<PushOutcome, Traffic>>;

export interface PushOptions {
  readonly target: ImageTarget;
  readonly registry: string;
  readonly bundle: BundleReader;
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  readonly bodies: UploadBodies;
  readonly onEvent: OnEvent;
  /** Called when something has failed, to stop all that is under way. */
  readonly stop: (reason: unknown) => void;
}

/**
 * Brings what is missing to the destination: blobs concurrently, the largest first, then manifests with what they
 * refer to before them. The first failure stops all and is thrown once everything has come to rest.
 */
export async function push({ blobs, levels }: PushDiff, options: PushOptions): Promise<Traffics> {
  const arrivals: { readonly arrival: PushOutcome; readonly size: number }[] = [];
  await forEachConcurrently(blobs, options, async missing => {
    for (const arrival of await pushBlob(missing, options))
      arrivals.push({ arrival, size: missing.blob.size });
  });
  for (const round of levels)
    await forEachConcurrently(round, options, manifest => pushManifest(manifest, options));
  const traffic = (wanted: PushOutcome): Traffic => {
    const sizes = arrivals.filter(({ arrival }) => arrival === wanted).map(({ size }) => size);
    return { blobs: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  };
  return { uploaded: traffic('uploaded'), mounted: traffic('mounted') };
}

/** What a push would move, if every mount is granted. */
export function expectedTraffic({ blobs }: Pick<PushDiff, 'blobs'>): Traffics {
  const uploads = blobs.filter(({ present }) => present.length === 0);
  const mounts = blobs.flatMap(({ blob, present, missing }) =>
    missing.slice(present.length === 0 ? 1 : 0).map(() => blob),
  );
  const sum = (list: readonly Descriptor[]) => ({
    blobs: list.length,
    bytes: list.reduce((bytes, { size }) => bytes + size, 0),
  });
  return { uploaded: sum(uploads.map(({ blob }) => blob)), mounted: sum(mounts) };
}

/** Uploads a blob once, and mounts it wherever else it is needed. */
async function pushBlob(
  { blob, present, missing }: MissingBlob,
  { target, bodies, onEvent }: PushOptions,
): Promise<PushOutcome[]> {
  const { digest, size } = blob;
  const body = bodies.of(blob);
  const arrivals: PushOutcome[] = [];
  let [home] = present;
  const [first] = missing;
  if (home === undefined && first !== undefined) {
    onEvent({ type: 'blob-started', digest, size, image: first });
    arrivals.push(await target.putBlob(first, blob, body));
    onEvent({ type: 'blob-finished', digest, size });
    home = first;
  }
  const others = missing.filter(repository => repository !== home);
  const more = others.map(repository => target.putBlob(repository, blob, body, home));
  return [...arrivals, ...(await Promise.all(more))];
}

async function pushManifest(
  { descriptor, repositories }: PlannedManifest,
  { target, registry, bundle, entries }: PushOptions,
): Promise<void> {
  const manifest = await bundle.manifest(entries, descriptor);
  const puts = repositories.map(repository =>
    target.putManifest(Reference.pinned(registry, repository, descriptor.digest), manifest),
  );
  await Promise.all(puts);
}

/** Does something to each at once; whatever fails first is thrown when all have come to rest. */
async function forEachConcurrently<T>(
  list: readonly T[],
  { stop }: Pick<PushOptions, 'stop'>,
  one: (item: T) => Promise<void>,
): Promise<void> {
  let failed: { readonly error: unknown } | undefined;
  const guarded = async (item: T) => {
    try {
      await one(item);
    } catch (error) {
      failed ??= { error };
      stop(error);
    }
  };
  await Promise.all(list.map(guarded));
  if (failed) throw failed.error;
}
