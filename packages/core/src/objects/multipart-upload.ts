import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RetryableError } from '../http/retry.ts';
import { AirgapError } from '../model/errors.ts';
import type { ObjectStore } from './s3/object-store.ts';
import type { UploadPart } from './upload-tasks.ts';

/** The ETag of a part, as the response to its upload had it. */
export interface SentPart {
  /** Counted from 1. */
  readonly number: number;
  readonly etag: string;
}

/** What a store has of an object, as far as it says so; undefined when it does not have it. */
type StoredState = { readonly size: number; readonly etag: string | undefined } | 'denied' | undefined;

/** How often a completed object is looked for, and the time between, in ms. */
const MAX_CHECKS = 8;
const CHECK_DELAY = 250;

/** An upload of one object in parts. The object appears only once all parts are there, and the upload is completed. */
export class MultipartUpload {
  readonly store: ObjectStore;
  readonly id: string;

  constructor(store: ObjectStore, id: string) {
    this.store = store;
    this.id = id;
  }

  /** Starts an upload. @throws AirgapError as {@link ObjectStore.run} */
  static async create(store: ObjectStore): Promise<MultipartUpload> {
    checkStore(store);
    const { bucket: Bucket, key: Key } = store.url;
    const command = { Bucket, Key, ContentType: 'application/x-tar' };
    const { UploadId } = await store.run('start the upload', (client, options) =>
      client.send(new CreateMultipartUploadCommand(command), options),
    );
    if (UploadId) return new MultipartUpload(store, UploadId);
    throw new AirgapError('UNSUPPORTED', 'the store started an upload without an id', {
      where: { host: store.host, path: store.location },
      hint: 'Check that AWS_ENDPOINT_URL_S3 is the endpoint of a store that speaks S3.',
    });
  }

  /**
   * Sends one part, without retries. Only the ETag of a successful response counts: a store may list parts whose upload
   * broke off.
   *
   * @param md5 of the body, as hex digits, once it was read; undefined when the store verifies a checksum itself
   * @throws the errors of the SDK, RetryableError when the store has received other bytes
   */
  async sendPart(
    client: S3Client,
    { number, start, end }: UploadPart,
    body: Readable,
    { md5, signal }: { readonly md5: () => string | undefined; readonly signal: AbortSignal },
  ): Promise<SentPart> {
    const command = new UploadPartCommand({
      Bucket: this.store.url.bucket,
      Key: this.store.url.key,
      UploadId: this.id,
      PartNumber: number,
      ContentLength: end - start,
      Body: body,
    });
    const response = await client.send(command, { abortSignal: signal });
    const etag = response.ETag ?? '';
    // With such keys the ETag is not the MD5 of the part.
    const isEncrypted = response.SSECustomerAlgorithm || response.ServerSideEncryption?.startsWith('aws:');
    const stored = /^"?(?<md5>[0-9a-f]{32})"?$/i.exec(etag)?.groups?.md5?.toLowerCase();
    const expected = md5();
    if (etag === '') throw this.#wrongPart(number, 'the response has no ETag');
    if (!isEncrypted && expected !== undefined && stored !== undefined && stored !== expected)
      throw this.#wrongPart(number, `expected the MD5 ${expected}, got the ETag ${stored}`);
    return { number, etag };
  }

  /**
   * Makes the object of all parts appear. Completing an upload twice does no harm: the object exists already.
   *
   * @param size of the object, in bytes
   * @throws AirgapError `CONTENT` when a part was replaced after it was reported, and as {@link ObjectStore.run}
   */
  async complete(parts: readonly SentPart[], size: number): Promise<void> {
    const { bucket: Bucket, key: Key } = this.store.url;
    const Parts = [...parts]
      .sort((a, b) => a.number - b.number)
      .map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    try {
      await this.store.run('complete the upload', (client, options) =>
        client.send(
          new CompleteMultipartUploadCommand({ Bucket, Key, UploadId: this.id, MultipartUpload: { Parts } }),
          options,
        ),
      );
    } catch (error) {
      const etags = Parts.map(({ ETag }) => ETag);
      if (!mayBeComplete(error) || !(await this.#becomesComplete(etags, size))) throw error;
    }
    const stored = await this.#completed();
    // The parts have their sizes already; credentials may permit to write only.
    if (stored === 'denied' || stored?.size === size) return;
    const where = { host: this.store.host, path: this.store.location };
    if (stored === undefined)
      throw new AirgapError('REGISTRY', 'the store completed the upload, but does not have the object', {
        where,
        hint: 'Check whether something removes objects from the bucket, and build it again.',
      });
    throw new AirgapError('CONTENT', `the object has ${stored.size} bytes, expected ${size}`, {
      where,
      hint: 'Remove the object, and build it again.',
    });
  }

  /** Removes the parts. It does not fail when the upload does not exist any more. */
  async abort(): Promise<void> {
    const { bucket: Bucket, key: Key } = this.store.url;
    try {
      await this.store.run('abort the upload', (client, options) =>
        client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: this.id }), options),
      );
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Whether the object is that of these parts, or soon will be. */
  async #becomesComplete(etags: readonly string[], size: number): Promise<boolean> {
    for (let tries = 1; !(await this.#isComplete(etags, size)); tries += 1) {
      if (tries === MAX_CHECKS) return false;
      await sleep(CHECK_DELAY);
    }
    return true;
  }

  /** Whether the object is that of these parts, as far as its ETag says so. */
  async #isComplete(etags: readonly string[], size: number): Promise<boolean> {
    const stored = await this.#head();
    if (stored === 'denied' || stored?.size !== size) return false;
    const expected = objectEtag(etags);
    return expected === undefined || stored.etag === undefined || stored.etag === expected;
  }

  /**
   * What the store has of the object after it was completed. Where another worker completes it too, some stores have no
   * object for a moment, while they replace one with the other.
   */
  async #completed(): Promise<StoredState> {
    for (let tries = 1; ; tries += 1) {
      const stored = await this.#head();
      if (stored !== undefined || tries === MAX_CHECKS) return stored;
      await sleep(CHECK_DELAY);
    }
  }

  /** What the store has of the object. */
  async #head(): Promise<StoredState> {
    const { bucket: Bucket, key: Key } = this.store.url;
    try {
      const { ContentLength = 0, ETag } = await this.store.run('check the object', (client, options) =>
        client.send(new HeadObjectCommand({ Bucket, Key }), options),
      );
      return { size: ContentLength, etag: ETag?.replaceAll('"', '') };
    } catch (error) {
      if (isGone(error)) return undefined;
      if (error instanceof AirgapError && error.code === 'DENIED') return 'denied';
      throw error;
    }
  }

  #wrongPart(number: number, reason: string): RetryableError {
    return new RetryableError(
      new AirgapError('CONTENT', `part ${number} did not reach the store unchanged: ${reason}`, {
        where: { host: this.store.host, path: this.store.location },
        hint: 'Check the proxies in front of the store; if it persists, use another store.',
      }),
    );
  }
}

/** The ETag of an object from those of its parts, if the store makes it of MD5 sums; undefined if these are none. */
function objectEtag(etags: readonly string[]): string | undefined {
  const sums = etags.map(etag => etag.replaceAll('"', ''));
  if (!sums.every(sum => /^[0-9a-f]{32}$/i.test(sum))) return undefined;
  const hash = createHash('md5');
  for (const sum of sums) hash.update(Buffer.from(sum, 'hex'));
  return `${hash.digest('hex')}-${sums.length}`;
}

function isGone(error: unknown): boolean {
  return error instanceof AirgapError && error.code === 'NOT_FOUND';
}

/**
 * Whether an upload that could not be completed may be complete: another worker has done that, or is about to, when
 * some stores have lost the parts already; or the response got lost.
 */
function mayBeComplete(error: unknown): boolean {
  return isGone(error) || (error instanceof AirgapError && error.code === 'CONTENT');
}

/** @throws AirgapError `UNSUPPORTED` for a store that wants parts of equal size */
function checkStore({ host, location }: ObjectStore): void {
  if (!/(^|\.)r2\.cloudflarestorage\.com(:\d+)?$/i.test(host)) return;
  throw new AirgapError(
    'UNSUPPORTED',
    'R2 needs parts of equal size, and those of a bundle end between blobs',
    {
      where: { host, path: location },
      hint: 'Build to a file and upload that, or use another store.',
    },
  );
}
