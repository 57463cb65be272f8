import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDTESTSTORE',
  AWS_SECRET_ACCESS_KEY: 'a-secret-for-tests',
};

/** A program that is an object store. */
export interface StoreProgram {
  readonly name: string;
  /** Whether tests must be skipped; prints what is skipped, and why. */
  lacks(what: string): boolean;
  /** Starts it with one empty bucket, `bucket`. @param folder for its files */
  start(folder: string): Promise<FolderStore>;
}

/** The folder for the objects of a store, with one empty bucket. */
export function createBucket(folder: string): string {
  const objects = join(folder, 'objects');
  mkdirSync(join(objects, 'bucket'), { recursive: true });
  return objects;
}

/** An object store that speaks S3, with its objects as files in a folder. It checks signatures. */
export class FolderStore implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #bucket: string;
  readonly #daemon: AsyncDisposable;

  /** @param objects what {@link createBucket} returned. @param daemon ends with the store */
  constructor(host: string, objects: string, daemon: AsyncDisposable) {
    this.host = host;
    this.#bucket = join(objects, 'bucket');
    this.#daemon = daemon;
  }

  /** The environment that connects clients to it. */
  get environment(): Record<string, string> {
    return {
      ...CREDENTIALS,
      AWS_ENDPOINT_URL: `http://${this.host}`,
      AWS_REGION: 'us-east-1',
      // Nothing of the machine that runs the test.
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** The keys of the objects in the bucket, sorted, without the parts of uploads. */
  keys(): string[] {
    return readdirSync(this.#bucket, { recursive: true, encoding: 'utf8' })
      .filter(name => !name.startsWith('.') && statSync(join(this.#bucket, name)).isFile())
      .sort();
  }

  /** The content of an object; undefined when it does not exist. */
  object(key: string): Buffer | undefined {
    const path = this.file(key);
    return existsSync(path) ? readFileSync(path) : undefined;
  }

  /** Stores an object, without a request. */
  put(key: string, bytes: Uint8Array): void {
    writeFileSync(this.file(key), bytes);
  }

  /** The file of an object. */
  file(key: string): string {
    return join(this.#bucket, key);
  }

  /** Removes all objects and uploads, without a request. */
  clear(): void {
    for (const name of readdirSync(this.#bucket)) rmSync(this.file(name), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
