import type { Sink } from '../content/sink.ts';
import type { Source } from '../content/source.ts';
import type { OnEvent } from '../events.ts';
import { Verifier } from '../oci/verifier.ts';
import type { Content } from './layout.ts';

/** Bytes between two `blob-progress` events. */
const PROGRESS_STEP = 1024 * 1024;

export type BlobContent = Extract<Content, { blob: object }>;

/** Moves one blob from a source into a sink, verified on the way, and tells how it goes. */
export async function transfer(
  source: Source,
  { blob, from }: BlobContent,
  sink: Sink,
  onEvent: OnEvent,
): Promise<void> {
  const { digest, size } = blob;
  const verifier = new Verifier(blob, { image: from.toString() });
  let told = 0;
  await source.blob(from, blob, {
    write(chunk) {
      verifier.update(chunk);
      if (verifier.received - told >= PROGRESS_STEP) {
        told = verifier.received;
        onEvent({ type: 'blob-progress', digest, received: told, size });
      }
      return sink.write(chunk);
    },
  });
  verifier.end();
  onEvent({ type: 'blob-progress', digest, received: size, size });
}
