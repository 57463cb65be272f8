import { contentEncoding, encodingError } from '../http/document.ts';
import { responseError } from '../http/response-error.ts';
import { RetryableError } from '../http/retry.ts';
import type { ResponseHead } from '../http/round-trip.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ChunkWriter, Sink } from '../store/blob-writer.ts';
import { pieces, type Range } from '../store/ranges.ts';
import type { ApiResponse, RegistryHost } from './host.ts';

/**
 * The largest range that one request fetches of a large blob, in bytes. Registries and storage limit the rate per
 * connection, so a large blob uses several; smaller ranges would only need more requests.
 */
export const PIECE = 16 * 1024 * 1024;

export interface DownloadOptions {
  readonly host: RegistryHost;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly into: ChunkWriter;
  /** The ranges to fetch. */
  readonly wanted: readonly Range[];
  readonly where: ErrorContext;
}

/** The part of a range that is still missing: `at` moves towards `end`. */
interface Piece {
  at: number;
  readonly end: number;
}

/** A sequence of requests, and the piece that they are for once there are several streams. */
interface Stream {
  piece: Piece;
}

/** Aborts a response once all needed bytes have arrived. */
const COMPLETE = Symbol('complete');
/** Aborts a 206 response that does not say which range it has. */
const UNKNOWN_RANGE = Symbol('unknown range');

/**
 * Downloads the requested ranges of one blob (distribution-spec, "Pulling blobs"). The first request shows whether the
 * host supports ranges: if so, the other pieces are fetched concurrently; if not, its response has them all.
 */
export class Download {
  readonly #options: DownloadOptions;
  readonly #pieces: readonly Piece[];
  readonly #running: Promise<void>[] = [];
  /** Whether there is only one stream, which may carry the bytes of every piece. */
  #single = true;
  /** Whether the host has rejected a range request. */
  #rejectedRange: boolean;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DownloadOptions) {
    const { into, wanted, blob } = options;
    const split = !into.sequential && blob.size > 2 * PIECE ? pieces(wanted, PIECE) : wanted;
    this.#options = options;
    this.#rejectedRange = !options.host.acceptsRanges;
    this.#pieces = split.map(({ start, end }) => ({ at: start, end }));
  }

  /** Downloads all pieces. Rejects with the first failure, after all requests have ended. */
  async run(): Promise<void> {
    const [first] = this.#pieces;
    if (first) this.#start(first, false);
    // The list grows during the iteration.
    for (const running of this.#running) await running;
    if (this.#failure) throw this.#failure.error;
  }

  #start(piece: Piece, priority: boolean): void {
    const stream: Stream = { piece };
    const missingBytes = () => this.#pieces.reduce((sum, { at, end }) => sum + end - at, 0);
    const { host, where } = this.#options;
    // The rest of a blob goes before blobs that have not started.
    const running = host.run(() => this.#attempt(stream), where, {
      progress: () => -missingBytes(),
      priority,
    });
    this.#running.push(
      running.catch(error => {
        this.#failure ??= { error };
      }),
    );
  }

  /** Starts the other pieces concurrently, once the host has shown that it supports ranges. */
  #startOthers(stream: Stream, current: Piece): void {
    if (!this.#single || this.#options.into.sequential) return;
    this.#single = false;
    stream.piece = current;
    for (const piece of this.#pieces) if (piece !== current && isUnfinished(piece)) this.#start(piece, true);
  }

  async #attempt(stream: Stream): Promise<void> {
    const { host, repository, blob, where } = this.#options;
    const piece = this.#single ? this.#pieces.find(isUnfinished) : stream.piece;
    if (this.#failure || !piece || !isUnfinished(piece)) return;
    const headers = this.#headersFor(piece);
    const request = { method: 'GET' as const, repository, path: `blobs/${blob.digest}`, headers };
    const response = await host
      .send(request, head => this.#sinkFor(stream, piece, head))
      .catch(thrown => {
        if (thrown === COMPLETE || thrown === UNKNOWN_RANGE) return thrown as symbol;
        throw thrown;
      });
    if (this.#single && headers.range && rejectsRange(response)) {
      // Request the complete blob; if that works, do not send ranges to this host again.
      this.#rejectedRange = true;
      await this.#attempt(stream);
      host.acceptsRanges = false;
      return;
    }
    if (typeof response !== 'symbol' && response.status !== 200 && response.status !== 206) {
      this.#rejectedRange ||= response.status === 416;
      const failed = responseError('read the blob', response, response.errorBody, where);
      throw response.status === 416 && failed instanceof AirgapError ? new RetryableError(failed) : failed;
    }
    if (isUnfinished(piece)) {
      if (typeof response !== 'symbol') refuseEncoded(response, where);
      throw new RetryableError(truncated(piece.at, blob.size, where));
    }
    if (this.#single) await this.#attempt(stream);
  }

  #headersFor({ at, end }: Piece): { 'accept-encoding': string; range?: string } {
    const headers = { 'accept-encoding': 'identity' };
    if (this.#isComplete({ at, end }) || (this.#rejectedRange && this.#single)) return headers;
    return { ...headers, range: `bytes=${at}-${end - 1}` };
  }

  #isComplete({ at, end }: Piece): boolean {
    return at === 0 && end === this.#options.blob.size;
  }

  /** Returns the sink that writes the missing bytes of a response, at whatever offset the response starts. */
  #sinkFor(stream: Stream, piece: Piece, head: ResponseHead): Sink {
    const { into, where, blob } = this.#options;
    const sent = sentRange(head, piece, blob.size, where);
    let position = sent.start;
    if (!this.#isComplete(piece)) this.#options.host.servesRanges = head.status === 206;
    if (head.status === 206) this.#startOthers(stream, piece);
    const targets = head.status === 200 && this.#single ? this.#pieces : [piece];
    return {
      write(chunk) {
        let wait: Promise<void> | undefined;
        for (const target of targets) {
          const from = Math.max(0, target.at - position);
          const part = chunk.subarray(from, Math.max(from, target.end - position));
          if (part.length === 0) continue;
          wait = into.write(part, target.at) ?? wait;
          target.at += part.length;
        }
        position += chunk.length;
        if (position > blob.size) {
          refuseEncoded(head, where);
          throw tooLarge(position, blob.size, where);
        }
        // A response that ends here leaves its connection for the next request.
        if (!targets.some(isUnfinished) && position !== sent.end) throw COMPLETE;
        return wait;
      },
    };
  }
}

/** Returns whether a response says that the registry, or the storage behind it, does not serve this range. */
function rejectsRange(response: ApiResponse | symbol): boolean {
  if (typeof response === 'symbol') return response === UNKNOWN_RANGE;
  const { status, redirected } = response;
  return [400, 405, 406, 501].includes(status) || (redirected && [403, 404].includes(status));
}

function isUnfinished({ at, end }: Piece): boolean {
  return at < end;
}

/** Returns the bytes that a response has: from `Content-Range`, or all when the host ignores ranges. */
function sentRange(
  { status, headers }: ResponseHead,
  { at }: Piece,
  size: number,
  where: ErrorContext,
): Range {
  if (status === 200) return { start: 0, end: size };
  const contentRange = String(headers['content-range'] ?? '');
  const range = /^bytes (?<start>\d+)-(?<last>\d+)\/(?<total>\d+|\*)$/i.exec(contentRange)?.groups;
  if (range === undefined || Number(range.total) === 0) throw UNKNOWN_RANGE;
  if (Number(range.start) === at && (range.total === '*' || Number(range.total) === size))
    return { start: at, end: Number(range.last) + 1 };
  throw new AirgapError(
    'REGISTRY',
    `unexpected content-range ${JSON.stringify(contentRange)}: requested the range from ${at} of ${size} bytes`,
    {
      where,
      hint: 'Check the proxies and caches in front of the registry; if it persists, push the image again.',
    },
  );
}

/** A body of another size than the blob was compressed on the way. @throws AirgapError `REGISTRY` */
function refuseEncoded(head: Pick<ResponseHead, 'headers'>, where: ErrorContext): void {
  const encoding = contentEncoding(head);
  if (encoding === undefined) return;
  const reason = 'it has another size than the blob';
  throw encodingError(reason, encoding, where.host ?? 'the registry').withContext(where);
}

function tooLarge(received: number, size: number, where: ErrorContext): AirgapError {
  return new AirgapError('CONTENT', `size mismatch: expected ${size} bytes, got at least ${received}`, {
    where,
    hint: 'Try again; if it persists, push the image again.',
  });
}

function truncated(received: number, size: number, where: ErrorContext): AirgapError {
  return new AirgapError('NETWORK', `the blob was truncated: got ${received} of ${size} bytes`, {
    where,
    hint: 'Try again; if it always ends there, push the image again: the registry has lost a part of the blob.',
  });
}
