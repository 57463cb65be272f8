import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connectTo, Daemon, freePort, lacks } from './program.ts';

/** Not packaged in Debian: .ci/run fetches it. */
const JAR = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'airgap-ci',
  's3proxy-4.1.0-jar-with-dependencies.jar',
);

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDTESTS3PROXY', AWS_SECRET_ACCESS_KEY: 'a-secret-for-tests' };

/** Whether tests of object stores must be skipped; prints what is skipped, and why. */
export function lacksS3Proxy(what: string): boolean {
  if (lacks(what, 'java')) return true;
  if (existsSync(JAR)) return false;
  process.stderr.write(`\nSKIPPED: ${what}: missing ${JAR}, which .ci/run fetches\n`);
  return true;
}

/** An object store that speaks S3, with its objects in a folder. It checks signatures. */
export class S3Proxy implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #objects: string;
  readonly #daemon: Daemon;

  private constructor(host: string, objects: string, daemon: Daemon) {
    this.host = host;
    this.#objects = objects;
    this.#daemon = daemon;
  }

  /** Starts it with one empty bucket, `bucket`. */
  static async start(folder: string): Promise<S3Proxy> {
    const host = `127.0.0.1:${await freePort()}`;
    const objects = join(folder, 'objects');
    mkdirSync(join(objects, 'bucket'), { recursive: true });
    const properties = join(folder, 's3proxy.properties');
    const settings = {
      's3proxy.endpoint': `http://${host}`,
      's3proxy.authorization': 'aws-v4',
      's3proxy.identity': CREDENTIALS.AWS_ACCESS_KEY_ID,
      's3proxy.credential': CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      'jclouds.provider': 'filesystem-nio2',
      'jclouds.filesystem.basedir': objects,
    };
    writeFileSync(
      properties,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    const daemon = new Daemon('java', [...flags, '-jar', JAR, '--properties', properties]);
    await daemon.ready(() => connectTo(Number(host.split(':')[1])));
    return new S3Proxy(host, objects, daemon);
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
    const bucket = join(this.#objects, 'bucket');
    return readdirSync(bucket, { recursive: true, encoding: 'utf8' })
      .filter(name => statSync(join(bucket, name)).isFile())
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
    return join(this.#objects, 'bucket', key);
  }

  /** Removes all objects and uploads, without a request. */
  clear(): void {
    const bucket = join(this.#objects, 'bucket');
    for (const name of readdirSync(bucket)) rmSync(join(bucket, name), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
