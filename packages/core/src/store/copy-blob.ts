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
 * Moves one blob from the repository of a name into a sink, verified, and tells how it goes.
 *
 * @param had what the sink has of it already; it is verified with the rest
 * @throws AirgapError `CONTENT` when the bytes are not those of the digest, and what source and sink throw
 */
export async function copyBlob(
  source: Pick<ImageSource, 'blob'>,
  name: Reference,
  blob: Descriptor,
  sink: BlobSink,
  onEvent: OnEvent = () => {},
  had = new Ranges(),
): Promise<void> {
  const { digest, size } = blob;
  const verifier = new Verifier(blob, { image: name.toString() });
  verifier.count(had.size);
  let told = had.size;
  let started = false;
  const count = (bytes: number) => {
    verifier.count(bytes);
    if (!started) onEvent({ type: 'blob-started', digest, size, image: name.toString() });
    started = true;
    if (verifier.received - told >= PROGRESS_STEP) {
      told = verifier.received;
      onEvent({ type: 'blob-progress', digest, received: told, size });
    }
  };
  const wanted = had.gaps(size);
  if (wanted.length > 0) await source.blob(name, blob, counting(sink, count), wanted);
  verifier.end(await sink.digest());
  onEvent({ type: 'blob-progress', digest, received: size, size });
}

/** The same sink, and somebody is told how many bytes go into it. */
function counting(sink: BlobSink, count: (bytes: number) => void): BlobWriter {
  const copyAll = sink.copyFrom?.bind(sink);
  return {
    sequential: sink.sequential,
    write(chunk, at) {
      count(chunk.length);
      return sink.write(chunk, at);
    },
    ...(copyAll && { copyFrom: (part: FilePart) => copyAll(part, count) }),
  };
}
