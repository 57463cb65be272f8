import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import type { RemoteLayer } from '../../test/support/images/image.ts';

const CHUNK = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK);

/**
 * Pushes a gzipped layer with one file of incompressible bytes, the same bytes for the same seed.
 *
 * @param size size of the file in bytes
 */
export async function pushNoise(
  host: string,
  repository: string,
  seed: string,
  size: number,
): Promise<RemoteLayer> {
  const tar = pack();
  const unpacked = createHash('sha256');
  const packed = createHash('sha256');
  let bytes = 0;
  async function* zipped(): AsyncGenerator<Buffer> {
    const gzip = Readable.from(counted(tar, chunk => unpacked.update(chunk))).pipe(createGzip({ level: 0 }));
    yield* counted(gzip, chunk => {
      packed.update(chunk);
      bytes += chunk.length;
    });
  }
  const written = writeNoise(tar, seed, size);
  const session = await expectOk(
    await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' }),
  );
  const patched = await expectOk(
    await fetch(new URL(session.headers.get('location') ?? '', `http://${host}`), {
      method: 'PATCH',
      body: Readable.toWeb(Readable.from(zipped())) as ReadableStream,
      duplex: 'half',
      headers: { 'content-type': 'application/octet-stream' },
    } as RequestInit),
  );
  await written;
  const digest = `sha256:${packed.digest('hex')}`;
  const end = new URL(patched.headers.get('location') ?? '', `http://${host}`);
  end.searchParams.set('digest', digest);
  await expectOk(await fetch(end, { method: 'PUT' }));
  return { digest, size: bytes, diffId: `sha256:${unpacked.digest('hex')}` };
}

/** Mounts a layer from another repository. */
export async function mountLayer(
  host: string,
  repository: string,
  from: string,
  { digest }: RemoteLayer,
): Promise<void> {
  const url = `http://${host}/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`;
  await expectOk(await fetch(url, { method: 'POST' }));
}

/** Writes the file in chunks, with backpressure. */
async function writeNoise(tar: Pack, seed: string, size: number): Promise<void> {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  function* chunks(): Generator<Buffer> {
    for (let remaining = size; remaining > 0; remaining -= CHUNK)
      yield cipher.update(ZEROS.subarray(0, Math.min(remaining, CHUNK)));
  }
  await pipeline(chunks, tar.entry({ name: 'noise', mtime: new Date(0), size }));
  tar.finalize();
}

async function* counted(
  chunks: AsyncIterable<unknown>,
  onChunk: (chunk: Buffer) => unknown,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk(chunk as Buffer);
    yield chunk as Buffer;
  }
}

async function expectOk(response: Response): Promise<Response> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`);
  return response;
}
