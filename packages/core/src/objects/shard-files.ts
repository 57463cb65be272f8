import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import type { ObjectStore } from './s3/object-store.ts';

/** The largest file that is read, in bytes. */
const MAX_SIZE = 1024 ** 3;

/** Where the files of all plans for an object are. */
export function buildFolder(key: string): string {
  return `${key}.build/`;
}

/** Where the files of one plan are. The name has its digest, so that reports of an older plan are never met. */
export function planFolder(key: string, plan: Digest): string {
  return `${buildFolder(key)}${digestHex(plan).slice(0, 12)}/`;
}

/** The files of one plan, beside the object: `KEY.build/PLAN/`. */
export class ShardFiles {
  readonly #store: ObjectStore;
  readonly #folder: string;

  constructor(store: ObjectStore, plan: Digest) {
    this.#store = store;
    this.#folder = planFolder(store.url.key, plan);
  }

  async write(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    const { bucket: Bucket } = this.#store.url;
    const key = `${this.#folder}${name}`;
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    await this.#store.run(
      'write a file of the plan',
      (client, options) => {
        const Body = Readable.from(pieces, { objectMode: false });
        return client.send(new PutObjectCommand({ Bucket, Key: key, Body, ContentLength: size }), options);
      },
      { key },
    );
  }

  /** @returns undefined when it does not exist */
  read(name: string): Promise<Buffer | undefined> {
    return readFile(this.#store, `${this.#folder}${name}`);
  }

  /** The names of the files, sorted. */
  async list(): Promise<string[]> {
    const keys = await listKeys(this.#store, this.#folder);
    return keys.map(key => key.slice(this.#folder.length));
  }

  async remove(names: readonly string[]): Promise<void> {
    await removeKeys(
      this.#store,
      names.map(name => `${this.#folder}${name}`),
    );
  }
}

/** @returns undefined when it does not exist */
export async function readFile(store: ObjectStore, key: string): Promise<Buffer | undefined> {
  const { bucket: Bucket } = store.url;
  try {
    return await store.run(
      'read a file of the plan',
      async (client, options) => {
        const response = await client.send(new GetObjectCommand({ Bucket, Key: key }), options);
        if ((response.ContentLength ?? 0) > MAX_SIZE) throw tooLarge(key, response.ContentLength ?? 0);
        return Buffer.from((await response.Body?.transformToByteArray()) ?? []);
      },
      { key },
    );
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** The keys that start with a prefix, sorted. */
export async function listKeys(store: ObjectStore, prefix: string): Promise<string[]> {
  const { bucket: Bucket } = store.url;
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const request = { Bucket, Prefix: prefix, ContinuationToken: token };
    const page = await store.run(
      'list the files of the plan',
      (client, options) => client.send(new ListObjectsV2Command(request), options),
      { key: prefix },
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key?.startsWith(prefix) ? Key : [])));
    const next = page.IsTruncated ? page.NextContinuationToken : undefined;
    token = next === token ? undefined : next;
  } while (token !== undefined);
  return keys;
}

/** Removes objects one by one: not all stores support the removal of many. */
export async function removeKeys(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const { bucket: Bucket } = store.url;
  await Promise.all(
    keys.map(key =>
      store.run(
        'remove a file of the plan',
        (client, options) => client.send(new DeleteObjectCommand({ Bucket, Key: key }), options),
        { key },
      ),
    ),
  );
}

function tooLarge(key: string, size: number): AirgapError {
  return new AirgapError('INPUT', `${key} has ${formatBytes(size)}, the limit is ${formatBytes(MAX_SIZE)}`, {
    hint: 'Plan again, and check who can write to the bucket.',
  });
}
