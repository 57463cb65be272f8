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
import { formatObjectUrl } from './s3/object-url.ts';

/** The largest plan or report that is read, in bytes: a plan has some 100 bytes for each layer. */
const MAX_SIZE = 64 * 1024 ** 2;
/** The most pages of a list; each has up to 1000 keys. */
const MAX_PAGES = 1000;

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

  /** @param limit in bytes. @returns undefined when it does not exist */
  read(name: string, limit?: number): Promise<Buffer | undefined> {
    return readFile(this.#store, `${this.#folder}${name}`, limit);
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

/** @param limit in bytes. @returns undefined when it does not exist. @throws AirgapError `INPUT` when it is larger */
export async function readFile(
  store: ObjectStore,
  key: string,
  limit = MAX_SIZE,
): Promise<Buffer | undefined> {
  const { bucket: Bucket } = store.url;
  try {
    return await store.run(
      'read a file of the plan',
      async (client, options) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }), options);
        const chunks: Uint8Array[] = [];
        let size = 0;
        // A store need not say the size before.
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          size += chunk.length;
          if (size > limit) throw tooLarge(key, limit);
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
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
  let pages = 0;
  do {
    pages += 1;
    if (pages > MAX_PAGES) throw endlessList(store, prefix);
    const request = { Bucket, Prefix: prefix, ContinuationToken: token };
    const page = await store.run(
      'list the files of the plan',
      (client, options) => client.send(new ListObjectsV2Command(request), options),
      { key: prefix },
    );
    if (page.IsTruncated === undefined) throw notAList(store, prefix);
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

function tooLarge(key: string, limit: number): AirgapError {
  return new AirgapError('INPUT', `${key} has more than ${formatBytes(limit)}`, {
    hint: 'Plan again, and check who can write to the bucket.',
  });
}

function notAList({ host, url }: ObjectStore, key: string): AirgapError {
  return new AirgapError('UNSUPPORTED', 'cannot list the files of the plan: the response has no list', {
    where: { host, path: formatObjectUrl({ ...url, key }) },
    hint: 'Check that AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is the endpoint of a store that speaks S3.',
  });
}

function endlessList({ host, url }: ObjectStore, key: string): AirgapError {
  return new AirgapError('REGISTRY', `the list of files has more than ${MAX_PAGES} pages`, {
    where: { host, path: formatObjectUrl({ ...url, key }) },
    hint: 'Check AWS_ENDPOINT_URL_S3, and who can write to the bucket.',
  });
}
