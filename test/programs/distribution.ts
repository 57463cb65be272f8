import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flatten, type TestImage } from '../images/image.ts';
import { connectTo, Daemon, freePort } from './program.ts';

/** Debian's docker-registry (distribution 2.8), or a newer one, with its storage in a folder. */
export class Distribution implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #daemon: Daemon;

  private constructor(host: string, daemon: Daemon) {
    this.host = host;
    this.#daemon = daemon;
  }

  /** @param options what its configuration says besides: of TLS, or of who may come in; and which program it is */
  static async start(
    folder: string,
    {
      http = {},
      auth = {},
      host: name = '127.0.0.1',
      listen = '127.0.0.1',
      port: wanted = 0,
      program = 'docker-registry',
    } = {},
  ): Promise<Distribution> {
    const port = wanted || (await freePort());
    const host = `${name}:${port}`;
    const config = join(folder, 'registry.json');
    const storage = { filesystem: { rootdirectory: join(folder, 'registry') } };
    writeFileSync(
      config,
      JSON.stringify({
        version: '0.1',
        log: { level: 'error' },
        storage,
        http: { addr: `${listen}:${port}`, ...http },
        auth,
      }),
    );
    const daemon = new Daemon(program, ['serve', config]);
    await daemon.ready(() => connectTo(port, listen));
    return new Distribution(host, daemon);
  }

  /** Uploads an image with everything below it, and tags it. */
  async push(name: string, image: TestImage): Promise<void> {
    const [repository = '', tag = 'latest'] = name.split(':');
    for (const one of flatten(image)) {
      for (const [digest, bytes] of one.blobs) await this.#pushBlob(repository, digest, bytes);
      await this.#put(
        `/v2/${repository}/manifests/${one === image ? tag : one.digest}`,
        one.bytes,
        one.mediaType,
      );
    }
  }

  async #pushBlob(repository: string, digest: string, bytes: Buffer): Promise<void> {
    const started = await fetch(`http://${this.host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const upload = new URL(started.headers.get('location') ?? '', `http://${this.host}`);
    upload.searchParams.set('digest', digest);
    await this.#put(upload.pathname + upload.search, bytes, 'application/octet-stream');
  }

  async #put(path: string, body: Buffer, type: string): Promise<void> {
    const answer = await fetch(`http://${this.host}${path}`, {
      method: 'PUT',
      body: new Uint8Array(body),
      headers: { 'content-type': type },
    });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
