import { responseError } from '../http/response-error.ts';
import { RetryableError } from '../http/retry.ts';
import type { ResponseHead } from '../http/round-trip.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { BlobWriter, Sink } from '../store/blob-writer.ts';
import { pieces, type Range } from '../store/ranges.ts';
import type { RegistryHost } from './host.ts';

/**
 * The most that one request asks for of a large blob, in bytes. Storage and registries cap each connection, so a
 * large blob comes over several; smaller pieces would only ask more often.
 */
export const PIECE = 16 * 1024 * 1024;

export interface DownloadOptions {
  readonly host: RegistryHost;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly sink: BlobWriter;
  readonly wanted: readonly Range[];
  readonly where: ErrorContext;
}

/** What is left of a range to fetch: `at` moves towards `end`. */
interface Piece {
  at: number;
  readonly end: number;
}

/** Ends an exchange of which no more is needed. */
const COMPLETE = Symbol('enough');

/**
 * Downloads the wanted bytes of one blob (distribution-spec, "Pulling blobs"). The first piece shows whether the
 * host knows ranges: if so the others come beside it, if not its stream brings them all.
 */
export class Download {
  readonly #options: DownloadOptions;
  readonly #pieces: readonly Piece[];
  readonly #running: Promise<void>[] = [];
  /** Whether there is one stream, which may bring the bytes of every piece. */
  #alone = true;
  /** Whether the host has refused a range. */
  #rangeless = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DownloadOptions) {
    const { sink, wanted, blob } = options;
    const split = !sink.sequential && blob.size > 2 * PIECE ? pieces(wanted, PIECE) : wanted;
    this.#options = options;
    this.#pieces = split.map(({ start, end }) => ({ at: start, end }));
  }

  /** Rejects with the first failure, once everything has come to rest. */
  async run(): Promise<void> {
    const [first] = this.#pieces;
    if (first) this.#start(first, false);
    // The list grows while it is walked.
    for (const running of this.#running) await running;
    if (this.#failure) throw this.#failure.error;
  }

  /** What has not arrived. */
  get remaining(): readonly Range[] {
    return this.#pieces.filter(isUnfinished).map(({ at, end }) => ({ start: at, end }));
  }

  #start(piece: Piece, priority: boolean): void {
    const left = () => this.#pieces.reduce((all, { at, end }) => all + end - at, 0);
    const { host, where } = this.#options;
    // The rest of a blob goes before the blobs that have not begun.
    const running = host.run(() => this.#attempt(piece), where, { progress: () => -left(), priority });
    this.#running.push(
      running.catch(error => {
        this.#failure ??= { error };
      }),
    );
  }

  /** The host knows ranges: the pieces that nobody fetches yet come beside this one. */
  #spread(current: Piece): void {
    if (!this.#alone || this.#options.sink.sequential) return;
    this.#alone = false;
    for (const piece of this.#pieces) if (piece !== current && isUnfinished(piece)) this.#start(piece, true);
  }

  async #attempt(own: Piece): Promise<void> {
    const { host, repository, blob, where } = this.#options;
    const piece = this.#alone ? this.#pieces.find(isUnfinished) : own;
    if (this.#failure || !piece || !isUnfinished(piece)) return;
    const request = {
      method: 'GET' as const,
      repository,
      path: `blobs/${blob.digest}`,
      headers: this.#range(piece),
    };
    const answer = await host
      .send(request, head => this.#receiver(piece, head))
      .catch(thrown => {
        if (thrown !== COMPLETE) throw thrown;
      });
    if (answer && answer.status !== 200 && answer.status !== 206) {
      this.#rangeless ||= answer.status === 416;
      const failed = responseError('read the blob', answer, answer.errorBody, where);
      throw answer.status === 416 && failed instanceof AirgapError ? new RetryableError(failed) : failed;
    }
    if (isUnfinished(piece)) throw new RetryableError(cutShort(piece.at, blob.size, where));
    if (this.#alone) await this.#attempt(own);
  }

  #range({ at, end }: Piece): Record<string, string> {
    const whole = at === 0 && end === this.#options.blob.size;
    return whole || (this.#rangeless && this.#alone) ? {} : { range: `bytes=${at}-${end - 1}` };
  }

  /** Takes what is wanted from an answer's body, wherever that begins. */
  #receiver(piece: Piece, head: ResponseHead): Sink {
    const { sink, where, blob } = this.#options;
    let position = firstByte(head, piece, blob.size, where);
    if (head.status === 206) this.#spread(piece);
    const takers = head.status === 200 && this.#alone ? this.#pieces : [piece];
    return {
      write(chunk) {
        let wait: Promise<void> | undefined;
        for (const taker of takers) {
          const from = Math.max(0, taker.at - position);
          const part = chunk.subarray(from, Math.max(from, taker.end - position));
          if (part.length === 0) continue;
          wait = sink.write(part, taker.at) ?? wait;
          taker.at += part.length;
        }
        position += chunk.length;
        if (position > blob.size) throw tooMuch(position, blob.size, where);
        if (!takers.some(isUnfinished) && position < blob.size) throw COMPLETE;
        return wait;
      },
    };
  }
}

function isUnfinished({ at, end }: Piece): boolean {
  return at < end;
}

/** Where an answer begins: a 206 says so, and a host that ignores ranges begins at the first byte. */
function firstByte(
  { status, headers }: ResponseHead,
  { at }: Piece,
  size: number,
  where: ErrorContext,
): number {
  if (status === 200) return 0;
  const said = String(headers['content-range'] ?? 'nothing');
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(said) ?? [];
  if (Number(start) === at && (total === '*' || Number(total) === size)) return at;
  throw new AirgapError(
    'REGISTRY',
    `asked for bytes ${at} and on of ${size}, got another range: ${JSON.stringify(said)}`,
    {
      where,
      hint: 'A proxy or cache on the way is broken, or the blob was replaced: push the image anew.',
    },
  );
}

function tooMuch(received: number, size: number, where: ErrorContext): AirgapError {
  return new AirgapError(
    'CONTENT',
    `content does not match its digest: got more than the ${size} bytes that its descriptor promises`,
    {
      where,
      hint: `The answer had ${received} bytes and more; push the image anew.`,
    },
  );
}

function cutShort(received: number, size: number, where: ErrorContext): AirgapError {
  return new AirgapError('NETWORK', `the blob was cut short: got ${received} of ${size} bytes`, {
    where,
    hint: 'Try again; if it always ends there, the registry has lost part of the blob: push the image anew.',
  });
}
