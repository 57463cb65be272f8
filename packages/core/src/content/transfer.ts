import type { OnEvent } from '../events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import type { DigestSink } from './sink.ts';
import type { Source } from './source.ts';
import { Verifier } from './verifier.ts';

/** Bytes between two `blob-progress` events. */
const PROGRESS_STEP = 1024 * 1024;

/**
 * Moves one blob from the repository of a name into a sink, verified, and tells how it goes.
 *
 * @throws AirgapError `CONTENT` when the bytes are not those of the digest, and what source and sink throw
 */
export async function transfer(
  source: Source,
  name: Reference,
  blob: Descriptor,
  sink: DigestSink,
  onEvent: OnEvent = () => {},
): Promise<void> {
  const { digest, size } = blob;
  const verifier = new Verifier(blob, { image: name.toString() });
  let told = 0;
  await source.blob(name, blob, {
    write(chunk) {
      verifier.count(chunk.length);
      if (verifier.received - told >= PROGRESS_STEP) {
        told = verifier.received;
        onEvent({ type: 'blob-progress', digest, received: told, size });
      }
      return sink.write(chunk);
    },
  });
  verifier.end(await sink.digest());
  onEvent({ type: 'blob-progress', digest, received: size, size });
}
