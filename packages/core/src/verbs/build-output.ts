import type { Hash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { BundlePlan } from '../bundle/entry-content.ts';
import { checkTarget } from '../bundle/file/disk.ts';
import { StreamTarget } from '../bundle/stream-target.ts';
import { TransferTally } from '../bundle/transfer-tally.ts';
import { type WriteOptions, writeBundle } from '../bundle/write-bundle.ts';
import { bytesToTransfer, reportReused, writeBundleFile } from '../bundle/write-bundle-file.ts';
import type { Layout } from '../layout/layout.ts';
import type { OpenLayouts } from '../layout/open-layout.ts';
import type { LocalSources } from '../local/local-sources.ts';
import type { NewUpload } from '../objects/new-upload.ts';
import { isObjectUrl } from '../objects/s3/object-url.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Registries } from '../registry/registries.ts';
import type { OnEvent } from '../store/events.ts';
import type { BlobSource } from '../store/image-source.ts';
import { ReadWindow, WindowedSource } from '../store/windowed-source.ts';
import type { BuildOptions, BuildResult } from './build.ts';
import { blobSources } from './resolved-plan.ts';

/** Where a build writes: a path, a stream, or an object. */
export type Output = string | Writable | NewUpload;

/** Starts the upload if the output is an object; the client is large, and only loaded then. */
export async function openObject({ output, ...options }: BuildOptions): Promise<NewUpload | undefined> {
  if (typeof output !== 'string' || !isObjectUrl(output)) return undefined;
  const objects = await import('../objects/upload-object.ts');
  return objects.NewUpload.open(output, options);
}

export async function outputOf(output: BuildOptions['output']): Promise<string | Writable> {
  return typeof output === 'string' ? checkTarget(output) : output;
}

/** What a build writes, and where its blobs come from. */
export interface BuildContext {
  readonly tarPlan: BundlePlan;
  readonly partSize: number | undefined;
  readonly registries: Registries;
  readonly local: LocalSources;
  /** Older bundles whose blobs are copied instead of downloaded. */
  readonly reused: OpenLayouts;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
  /** Aborts all transfers. */
  readonly stop: (reason: unknown) => void;
}

/** What was written, and where its bytes came from. */
type Written = Pick<BuildResult, 'path' | 'parts' | 'transferred'>;

/** @param hash receives the bytes that are written to a stream */
export async function writeOutput(
  output: Output,
  context: BuildContext,
  hash: Hash | undefined,
): Promise<Written> {
  if (typeof output === 'string') return writeFile(output, context);
  return 'location' in output ? writeObject(output, context) : writeStream(output, context, hash);
}

async function writeObject(object: NewUpload, context: BuildContext): Promise<Written> {
  const { tarPlan, partSize, onEvent, signal } = context;
  onEvent({ type: 'phase', phase: 'move' });
  reportReused(tarPlan, isLocal(context), onEvent);
  const tally = new TransferTally();
  const options = writeOptions(context, new ReadWindow());
  const { uploadObject } = await import('../objects/upload-object.ts');
  await uploadObject(object, tarPlan, { ...options, partSize, signal, onBytes: tally.add });
  return { path: object.location, transferred: tally.total(0, tarPlan.size - bytesToTransfer(tarPlan)) };
}

/** @param hash receives the bytes that are written */
async function writeStream(
  output: Writable,
  context: BuildContext,
  hash: Hash | undefined,
): Promise<Written> {
  const { tarPlan, onEvent, signal } = context;
  onEvent({ type: 'phase', phase: 'move' });
  reportReused(tarPlan, isLocal(context), onEvent);
  const tally = new TransferTally();
  await writeBundle(new StreamTarget(output, signal, hash), tarPlan, {
    ...writeOptions(context),
    onBytes: tally.add,
  });
  return { transferred: tally.total(0, tarPlan.size - bytesToTransfer(tarPlan)) };
}

function writeFile(output: string, context: BuildContext): Promise<Written> {
  const { tarPlan, partSize, signal } = context;
  const isReused = isLocal(context);
  return writeBundleFile(output, tarPlan, { ...writeOptions(context), isReused, partSize, signal });
}

/** Whether a local layout has a blob. */
function isLocal(context: BuildContext): (blob: Descriptor) => boolean {
  return blob => layoutsOf(context).some(layout => layout.contains(blob));
}

/** Everything on this machine that may have a blob. */
function layoutsOf({ local, reused }: Pick<BuildContext, 'local' | 'reused'>): readonly Layout[] {
  return [...local.layouts, ...reused.layouts];
}

/** @param window for a target that needs each blob in order, and several at once */
export function writeOptions(
  { registries, local, reused, onEvent, stop }: BuildContext,
  window?: ReadWindow,
): WriteOptions {
  const layouts = layoutsOf({ local, reused });
  const remote = (source: BlobSource) => (window ? new WindowedSource(source, window) : source);
  return { sourcesOf: ref => blobSources({ registries, local }, layouts, ref, remote), onEvent, stop };
}
