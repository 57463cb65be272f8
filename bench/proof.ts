import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { type Blob, type Image, MANIFEST_TYPE } from './data/dataset.ts';

/** Throws unless a tar holds every blob (and every manifest, where they count) with the digest that it must have. */
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
  await Promise.all([pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), entries), read()]);
  if (missing.size > 0) throw new Error(`${file} lacks ${missing.size} digests, ${[...missing][0]} is one`);
}

/** Throws unless a file holds these blobs one after another. */
export async function expectSlices(file: string, blobs: readonly Blob[]): Promise<void> {
  let start = 0;
  for (const { digest, size } of blobs) {
    const found = await digestOf(createReadStream(file, { start, end: start + size - 1 }));
    if (found !== digest) throw new Error(`${file} has ${found} in the place of ${digest}`);
    start += size;
  }
}

/** Throws unless a registry has every image under its name. */
export async function expectInRegistry(host: string, images: readonly Image[]): Promise<void> {
  for (const { name, digest } of images) {
    const [repository, tag] = name.split(':');
    const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
      headers: { accept: MANIFEST_TYPE },
    });
    const found = `sha256:${createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex')}`;
    if (found !== digest) throw new Error(`${host}/${name} is ${answer.status} ${found}, not ${digest}`);
  }
}

async function digestOf(chunks: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
