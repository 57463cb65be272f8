import { runAll } from '../model/run-all.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { BlobBody, PushOutcome } from '../store/image-target.ts';
import type { MissingBlob, PushDiff } from './find-missing.ts';
import type { PlannedManifest } from './push-plan.ts';
import type { TargetOf } from './target-of.ts';

/** Number of blobs that were transferred in one way, and their total size in bytes. */
export interface TransferCount {
  readonly blobs: number;
  readonly bytes: number;
}

/** Uploaded and mounted blobs of a push. */
export type TransferCounts = Readonly<Record<PushOutcome, TransferCount>>;

/** The bodies of the blobs to upload. */
export interface BodySource {
  of(blob: Descriptor): BlobBody;
}

export interface PushOptions {
  readonly targetOf: TargetOf;
  readonly source: ImageSource;
  readonly bodies: BodySource;
  readonly onEvent: OnEvent;
  /** Called on every failure, to abort the requests in flight. */
  readonly stop: (reason: unknown) => void;
}

/**
 * Pushes missing content to the target: blobs concurrently, the largest first, then manifests level by level. The
 * first failure aborts the push and is thrown after all requests have settled.
 *
 * @throws what registries throw, and what the upload bodies throw
 */
export async function push({ blobs, levels }: PushDiff, options: PushOptions): Promise<TransferCounts> {
  const sizes: Record<PushOutcome, number[]> = { uploaded: [], mounted: [] };
  await runAll(blobs, options.stop, async missing => {
    for (const outcome of await pushBlob(missing, options)) sizes[outcome].push(missing.blob.size);
  });
  for (const level of levels) await runAll(level, options.stop, manifest => pushManifest(manifest, options));
  return { uploaded: countOf(sizes.uploaded), mounted: countOf(sizes.mounted) };
}

/** The sum of two pushes. */
export function addTransfers(a: TransferCounts, b: TransferCounts): TransferCounts {
  const add = (outcome: PushOutcome): TransferCount => ({
    blobs: a[outcome].blobs + b[outcome].blobs,
    bytes: a[outcome].bytes + b[outcome].bytes,
  });
  return { uploaded: add('uploaded'), mounted: add('mounted') };
}

/** Counts what a push would transfer, assuming that the registry grants every mount. */
export function expectedTransfers({ blobs }: Pick<PushDiff, 'blobs'>): TransferCounts {
  const uploads = blobs.filter(({ present }) => present.length === 0);
  const mounts = blobs.flatMap(mountsOf);
  return {
    uploaded: countOf(uploads.map(({ blob }) => blob.size)),
    mounted: countOf(mounts.map(({ size }) => size)),
  };
}

/**
 * One descriptor for each repository that the blob is mounted into: without a source, the first one needs an upload.
 */
function mountsOf({ blob, present, missing }: MissingBlob): Descriptor[] {
  const uploads = present.length === 0 ? 1 : 0;
  return missing.slice(uploads).map(() => blob);
}

function countOf(sizes: readonly number[]): TransferCount {
  return { blobs: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Uploads a blob at most once and mounts it into the other repositories. */
async function pushBlob(
  { blob, present, missing }: MissingBlob,
  { targetOf, bodies, onEvent }: PushOptions,
): Promise<PushOutcome[]> {
  const { digest, size } = blob;
  const body = bodies.of(blob);
  const outcomes: PushOutcome[] = [];
  let source = present[0];
  const first = missing[0];
  if (source === undefined && first !== undefined) {
    onEvent({ type: 'blob-started', digest, size, image: first });
    outcomes.push(await targetOf(first).put(blob, body));
    onEvent({ type: 'blob-finished', digest, size });
    source = first;
  }
  const others = missing.filter(repository => repository !== source);
  const mounts = others.map(repository => targetOf(repository).put(blob, body, source));
  return [...outcomes, ...(await Promise.all(mounts))];
}

async function pushManifest(
  { descriptor, repositories }: PlannedManifest,
  { targetOf, source }: PushOptions,
): Promise<void> {
  const manifest = await source.manifest(descriptor);
  const puts = repositories.map(repository => targetOf(repository).putManifest(manifest));
  await Promise.all(puts);
}
