import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { HashingSink, type Sink } from '../store/blob-writer.ts';
import type { Source } from '../store/image-source.ts';
import { transfer } from '../store/copy-blob.ts';
import type { OnEvent } from '../store/events.ts';
import type { Layout, Slot } from '../tar/plan.ts';
import { padded, TRAILER_SIZE } from '../tar/header.ts';

/**
 * Writes a bundle to a stream from its first byte to its last. A failure leaves the stream without the end of a
 * tar, so that whoever reads it can tell.
 */
export async function streamBundle(
  out: Writable,
  layout: Layout,
  source: Pick<Source, 'blob'>,
  onEvent: OnEvent,
  signal: AbortSignal,
): Promise<void> {
  const sink = writableSink(out, signal);
  for (const slot of layout.slots) {
    await sink.write(slot.header);
    await streamContent(slot, sink, source, onEvent);
    const padding = padded(slot.size) - slot.size;
    if (padding > 0) await sink.write(Buffer.alloc(padding));
  }
  await sink.write(Buffer.alloc(TRAILER_SIZE));
}

async function streamContent(
  { content, size }: Slot,
  sink: Sink,
  source: Pick<Source, 'blob'>,
  onEvent: OnEvent,
): Promise<void> {
  if (content.bytes) {
    await sink.write(content.bytes);
    return;
  }
  await transfer(source, content.from, content.blob, new HashingSink(sink), onEvent);
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
