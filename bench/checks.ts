import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { output } from '../test/support/programs/program.ts';
import { type Blob, type Image, MANIFEST_TYPE } from './data/dataset.ts';

/** The first bytes of a zstd file. */
const ZSTD = Buffer.from('28b52ffd', 'hex');

/** Throws unless a tar contains every blob, and every manifest if `withManifests`, with its digest. A tar in zstd is unpacked first. */
export async function expectTar(
  file: string,
  images: readonly Image[],
  withManifests: boolean,
): Promise<void> {
  const missing = new Set(
    images.flatMap(({ digest, blobs }) => [
      ...(withManifests ? [digest] : []),
      ...blobs.map(blob => blob.digest),
    ]),
  );
  const entries = extract();
  const read = async () => {
    for await (const entry of entries) missing.delete(await digestOf(entry));
  };
  const tar = (await isZstd(file)) ? unzstd(file) : createReadStream(file, { highWaterMark: 1 << 20 });
  await Promise.all([pipeline(tar, entries), read()]);
  if (missing.size > 0)
    throw new Error(`${file}: ${missing.size} digests missing, among them ${[...missing][0]}`);
}

/** Throws unless a file consists of these blobs in this order. */
export async function expectSlices(file: string, blobs: readonly Blob[]): Promise<void> {
  let start = 0;
  for (const { digest, size } of blobs) {
    const found = await digestOf(createReadStream(file, { start, end: start + size - 1 }));
    if (found !== digest) throw new Error(`${file}: digest mismatch: expected ${digest}, got ${found}`);
    start += size;
  }
}

/** Throws unless a registry has every image under its name. @param ca the file of its certificate authority */
export async function expectInRegistry(host: string, images: readonly Image[], ca?: string): Promise<void> {
  const [scheme, trust] = ca === undefined ? ['http', []] : ['https', ['--cacert', ca]];
  for (const { name, digest } of images) {
    const url = `${scheme}://${host}/v2/${name.replace(':', '/manifests/')}`;
    const manifest = await output('curl', '-sf', ...trust, '-H', `accept: ${MANIFEST_TYPE}`, url);
    const found = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
    if (found !== digest) throw new Error(`${host}/${name}: expected ${digest}, got ${found}`);
  }
}

async function isZstd(file: string): Promise<boolean> {
  await using opened = await open(file);
  const { buffer } = await opened.read(Buffer.alloc(ZSTD.length), 0, ZSTD.length, 0);
  return buffer.equals(ZSTD);
}

/** Decompresses a file. Its content must be read at once: Node discards unread output when the program exits. */
function unzstd(file: string): Readable {
  const { stdout } = spawn('zstd', ['--decompress', '--stdout', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }).on('error', error => stdout.destroy(error));
  return stdout;
}

async function digestOf(chunks: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
