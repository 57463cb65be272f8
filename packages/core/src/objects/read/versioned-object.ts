import { RetryableError } from '../../http/retry.ts';
import type { ResponseHead } from '../../http/round-trip.ts';
import { AirgapError, isInterrupted } from '../../model/errors.ts';
import type { Sink } from '../../store/blob-writer.ts';
import type { Range } from '../../store/ranges.ts';
import { replaced } from './object-error.ts';
import type { GetRange, RangeClient } from './range-client.ts';
import { isSameVersion, type ObjectVersion, versionOf } from './range-response.ts';
import { type OpenedObject, START_SIZE, type StoredObject } from './stored-object.ts';

/** A server may send less than was requested; with fewer bytes than this, the response counts as broken off. */
const MIN_RESPONSE = 64 * 1024;

/** One version of a file on a server: the first response says which, and all others must have the same. */
export class VersionedObject implements StoredObject {
  readonly location: string;
  readonly #client: RangeClient;
  /** Undefined until the first response. */
  #version: ObjectVersion | undefined;

  private constructor(client: RangeClient) {
    this.#client = client;
    this.location = client.location;
  }

  /**
   * Opens a file with one request for its start.
   *
   * @param client is closed with the object, also after an error
   * @throws AirgapError what the client throws
   */
  static async open(client: RangeClient): Promise<OpenedObject> {
    const object = new VersionedObject(client);
    try {
      return { object, start: await object.#readStart() };
    } catch (error) {
      await object[Symbol.asyncDispose]();
      throw error;
    }
  }

  get size(): number {
    return this.#version?.size ?? 0;
  }

  async fetch({ start, end }: Range, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    let at = start;
    /** A file may be smaller than its start; its size is known after the first response. */
    const limit = () => Math.min(end, this.#version?.size ?? end);
    const sink: Sink = {
      write: chunk => {
        if (at + chunk.length > limit()) throw this.#tooLong(chunk.length, { start: at, end: limit() });
        into.set(chunk, at - start);
        at += chunk.length;
        return undefined;
      },
    };
    const attempt = async (get: GetRange) => {
      while (at < limit()) {
        const before = at;
        await this.#request(get, { start: at, end: limit() }, sink);
        const isBrokenOff = at < limit() && at < before + MIN_RESPONSE;
        if (isBrokenOff) throw new RetryableError(this.#truncated({ start: at, end: limit() }));
      }
    };
    await this.#client.run(attempt, { progress: () => at - start, signal }).catch(error => {
      const isKnown = error instanceof AirgapError && !isInterrupted(error);
      throw isKnown ? error.withContext(this.#client.where) : error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  async #readStart(): Promise<Buffer> {
    const buffer = Buffer.alloc(START_SIZE);
    await this.fetch({ start: 0, end: START_SIZE }, buffer);
    if (this.#version?.etag === undefined) this.#reportNoTag();
    return buffer.subarray(0, Math.min(START_SIZE, this.size));
  }

  #reportNoTag(): void {
    const message = `${this.location}: the server sends no strong ETag; only its size and date show whether the file is replaced while it is read`;
    this.#client.onEvent?.({ type: 'notice', message });
  }

  async #request(get: GetRange, range: Range, sink: Sink): Promise<void> {
    const { where } = this.#client;
    const etag = this.#version?.etag;
    const accept = (head: ResponseHead) => {
      this.#check(versionOf(head, range, where));
      return sink;
    };
    await get({ range, etag, hasStarted: this.#version !== undefined }, accept);
  }

  /** Remembers the version of the first response. @throws AirgapError when another response has another one */
  #check(version: ObjectVersion): void {
    this.#version ??= version;
    const known = this.#version;
    if (isSameVersion(known, version)) return;
    if (known.size !== version.size)
      throw replaced(this.#client.where, `it had ${known.size} bytes, and has ${version.size}`);
    throw replaced(this.#client.where, 'its ETag or its date has changed');
  }

  #truncated({ start, end }: Range): AirgapError {
    return new AirgapError('NETWORK', `the response ended at byte ${start} of ${end}`, {
      where: this.#client.where,
      hint: 'Check the network and the server, and try again.',
    });
  }

  #tooLong(length: number, { start, end }: Range): AirgapError {
    return new AirgapError(
      'REGISTRY',
      `the server sent more than the requested range: ${length} bytes at byte ${start}, expected at most ${end - start}`,
      { where: this.#client.where, hint: 'Check the proxies and caches in front of the server.' },
    );
  }
}
