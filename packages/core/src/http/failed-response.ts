import type { Sink } from '../store/blob-writer.ts';
import type { ResponseHead } from './round-trip.ts';

/** How much of the body of a failed response is received, in bytes: its status and the start say what failed. */
const MAX_ERROR_BODY = 64 * 1024;

/** A response, with the start of its body if no sink took it. */
export interface ReceivedResponse extends ResponseHead {
  readonly errorBody: Buffer;
}

/**
 * Receives a response. Of a failed one, only the start of the body is received: the rest of a long page would delay the
 * status, or hide it.
 *
 * @param send a round trip
 * @param accept returns the sink for the body, or undefined for a failed response
 * @throws what `send` and `accept` throw
 */
export async function receive(
  send: (accept: (head: ResponseHead) => Sink) => Promise<ResponseHead>,
  accept: (head: ResponseHead) => Sink | undefined,
): Promise<ReceivedResponse> {
  const body = new StartOfBody();
  let head: ResponseHead | undefined;
  try {
    head = await send(response => {
      head = response;
      return accept(response) ?? body;
    });
  } catch (error) {
    if (head === undefined || !body.isCut) throw error;
  }
  return { ...head, errorBody: body.bytes };
}

/** Collects the start of a body, and then ends the response. */
class StartOfBody implements Sink {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  write(chunk: Uint8Array): undefined {
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.length;
    if (this.isCut) throw new Error(`the body has more than ${MAX_ERROR_BODY} bytes`);
  }

  get isCut(): boolean {
    return this.#size > MAX_ERROR_BODY;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
