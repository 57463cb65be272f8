import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobSink, BlobWriter, FilePart } from './blob-writer.ts';
import type { OnEvent } from './events.ts';
import type { ImageSource } from './image-source.ts';
import { Ranges } from './ranges.ts';
import { Verifier } from './verifier.ts';

/** Bytes between two `blob-progress` events. */
const PROGRESS_STEP = 1024 * 1024;

/**
 * Copies one blob from the repository of a name into a sink, verifies it, and reports progress.
 *
 * @param existing bytes that the sink already has; they are verified with the rest
 * @throws AirgapError `CONTENT` for a digest or size mismatch, and what source and sink throw
 */
export async function copyBlob(
  source: Pick<ImageSource, 'blob'>,
  name: Reference,
  blob: Descriptor,
  sink: BlobSink,
  onEvent: OnEvent = () => {},
  existing = new Ranges(),
): Promise<void> {
  const { digest, size } = blob;
  const verifier = new Verifier(blob, { image: name.toString() });
  verifier.count(existing.size);
  let reported = existing.size;
  let started = false;
  const count = (bytes: number) => {
    verifier.count(bytes);
    if (!started) onEvent({ type: 'blob-started', digest, size, image: name.toString() });
    started = true;
    if (verifier.received - reported >= PROGRESS_STEP) {
      reported = verifier.received;
      onEvent({ type: 'blob-progress', digest, received: reported, size });
    }
  };
  const missing = existing.gaps(size);
  if (missing.length > 0) await source.blob(name, blob, counting(sink, count), missing);
  verifier.end(await sink.digest());
  onEvent({ type: 'blob-progress', digest, received: size, size });
}

/** Wraps a sink and counts the bytes that go into it. */
function counting(sink: BlobSink, count: (bytes: number) => void): BlobWriter {
  const copyFrom = sink.copyFrom?.bind(sink);
  return {
    sequential: sink.sequential,
    write(chunk, at) {
      count(chunk.length);
      return sink.write(chunk, at);
    },
    ...(copyFrom && { copyFrom: (part: FilePart) => copyFrom(part, count) }),
  };
}
