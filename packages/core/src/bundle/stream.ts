import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { HashingSink, type Sink } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { padded, TRAILER_SIZE } from '../tar/header.ts';
import type { BundleEntry, BundlePlan } from './entry-content.ts';

/**
 * Writes a bundle to a stream in order. After a failure the stream lacks the end-of-archive marker, so that readers
 * detect the truncation.
 */
export async function streamBundle(
  out: Writable,
  plan: BundlePlan,
  source: Pick<ImageSource, 'blob'>,
  onEvent: OnEvent,
  signal: AbortSignal,
): Promise<void> {
  const sink = writableSink(out, signal);
  for (const entry of plan.entries) {
    await sink.write(entry.header);
    await streamContent(entry, sink, source, onEvent);
    const padding = padded(entry.size) - entry.size;
    if (padding > 0) await sink.write(Buffer.alloc(padding));
  }
  await sink.write(Buffer.alloc(TRAILER_SIZE));
}

async function streamContent(
  { content, size }: BundleEntry,
  sink: Sink,
  source: Pick<ImageSource, 'blob'>,
  onEvent: OnEvent,
): Promise<void> {
  if (content.bytes) {
    await sink.write(content.bytes);
    return;
  }
  await copyBlob(source, content.from, content.blob, new HashingSink(sink), onEvent);
  onEvent({ type: 'blob-finished', digest: content.blob.digest, size });
}

function writableSink(out: Writable, signal: AbortSignal): Sink {
  return {
    write(chunk) {
      if (out.errored) throw out.errored;
      if (out.write(Buffer.from(chunk))) return undefined;
      return once(out, 'drain', { signal }).then(() => {});
    },
  };
}
