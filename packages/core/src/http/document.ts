import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { AirgapError } from '../model/errors.ts';
import { MemorySink, type Sink } from '../store/blob-writer.ts';
import { type HttpRequest, type ResponseHead, roundTrip } from './round-trip.ts';

/** The size limit of an encoded and of a decoded document, in bytes; the sinks of documents have lower limits. */
const MAX_SIZE = 16 * 1024 * 1024;
/** The longest time for one document, in ms. */
const DEADLINE = 5 * 60_000;

const DECODERS = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

/**
 * Sends a request whose response is a document: a manifest, a token, an error. It has a deadline, and is decoded when
 * a proxy has compressed it.
 *
 * @throws AirgapError `REGISTRY` for a `Content-Encoding` that is unsupported or not that of the body, and the errors
 * of {@link roundTrip}
 */
export async function fetchDocument(
  dispatcher: Dispatcher,
  request: HttpRequest,
  accept: (head: ResponseHead) => Sink,
): Promise<ResponseHead> {
  const { host } = request.url;
  let finish = () => {};
  const head = await roundTrip(dispatcher, { ...request, deadline: DEADLINE }, response => {
    const sink = accept(response);
    const encoding = contentEncoding(response);
    if (encoding === undefined) return sink;
    const encoded = new MemorySink(MAX_SIZE);
    finish = () => decodeInto(sink, encoded.bytes, encoding, host);
    return encoded;
  });
  finish();
  return head;
}

/** Returns the encoding of a response; undefined when its body is not encoded. */
export function contentEncoding({ headers }: Pick<ResponseHead, 'headers'>): string | undefined {
  const encoding = String(headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase();
  return encoding === '' || encoding === 'identity' ? undefined : encoding;
}

function decodeInto(sink: Sink, bytes: Buffer, encoding: string, host: string): void {
  // The response to a HEAD request has no body.
  if (bytes.length === 0) return;
  void sink.write(decode(bytes, encoding, host));
}

function decode(bytes: Buffer, encoding: string, host: string): Buffer {
  const decoder = DECODERS.get(encoding);
  try {
    if (decoder) return decoder(bytes, { maxOutputLength: MAX_SIZE });
  } catch (cause) {
    throw encodingError(`the body is not valid ${encoding}`, encoding, host, cause);
  }
  throw encodingError('unsupported encoding', encoding, host);
}

/** Makes the `REGISTRY` error for a body whose encoding makes it unreadable. */
export function encodingError(reason: string, encoding: string, host: string, cause?: unknown): AirgapError {
  const name = JSON.stringify(encoding.slice(0, 100));
  return new AirgapError('REGISTRY', `cannot read the response with Content-Encoding ${name}: ${reason}`, {
    where: { host },
    cause,
    hint: `Turn off compression in the proxy in front of ${host}.`,
  });
}
