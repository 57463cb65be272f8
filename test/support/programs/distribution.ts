import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flatten, type TestImage } from '../images/image.ts';
import { connectTo, Daemon, freePort } from './program.ts';
import { fromDistribution, type LoggedRequest } from './request-log.ts';

/** A distribution registry with its storage in a folder: Debian's docker-registry (2.8), or a newer one. */
export class Distribution implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #daemon: Daemon;

  private constructor(host: string, daemon: Daemon) {
    this.host = host;
    this.#daemon = daemon;
  }

  /**
   * @param options more configuration: TLS, authentication, the address, the program, and whether it logs its requests
   * into a file, for `responses`
   */
  static async start(
    folder: string,
    {
      http = {},
      auth = {},
      host: name = '127.0.0.1',
      listen = '127.0.0.1',
      port: fixedPort = 0,
      program = 'docker-registry',
      logsRequests = false,
    } = {},
  ): Promise<Distribution> {
    const port = fixedPort || (await freePort());
    const host = `${name}:${port}`;
    const config = join(folder, `registry-${port}.json`);
    const log = logsRequests
      ? { level: 'info', formatter: 'json', accesslog: { disabled: true } }
      : { level: 'error' };
    const storage = { filesystem: { rootdirectory: join(folder, 'registry') } };
    writeFileSync(
      config,
      JSON.stringify({
        version: '0.1',
        log,
        storage,
        http: { addr: `${listen}:${port}`, ...http },
        auth,
      }),
    );
    const logFile = logsRequests ? join(folder, 'requests.log') : undefined;
    const daemon = new Daemon(program, ['serve', config], logFile);
    await daemon.ready(() => connectTo(port, listen));
    return new Distribution(host, daemon);
  }

  /** Pushes an image with its children, and tags it. */
  async push(name: string, image: TestImage): Promise<void> {
    const [repository = '', tag = 'latest'] = name.split(':');
    for (const manifest of flatten(image)) {
      for (const [digest, bytes] of manifest.blobs) await this.#pushBlob(repository, digest, bytes);
      const reference = manifest === image ? tag : manifest.digest;
      await this.#put(`/v2/${repository}/manifests/${reference}`, manifest.bytes, manifest.mediaType);
    }
  }

  /** The requests so far that name a route of the API. */
  responses(): LoggedRequest[] {
    return fromDistribution(this.#daemon.log());
  }

  async #pushBlob(repository: string, digest: string, bytes: Buffer): Promise<void> {
    const started = await fetch(`http://${this.host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const upload = new URL(started.headers.get('location') ?? '', `http://${this.host}`);
    upload.searchParams.set('digest', digest);
    await this.#put(upload.pathname + upload.search, bytes, 'application/octet-stream');
  }

  async #put(path: string, body: Buffer, type: string): Promise<void> {
    const response = await fetch(`http://${this.host}${path}`, {
      method: 'PUT',
      body: new Uint8Array(body),
      headers: { 'content-type': type },
    });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
