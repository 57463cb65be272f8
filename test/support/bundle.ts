import { build } from '@airgap/core';
import { TestRegistry } from '../registry/registry.ts';
import { flatten, type TestFile, type TestImage } from './images/image.ts';

const BLOCK = 512;

/** Returns a tar with the content of one entry changed; headers and checksums are valid. */
export function withEntry(tar: Buffer, name: string, change: (content: string) => string): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (tar[at] !== 0) {
    const header = Buffer.from(tar.subarray(at, at + BLOCK));
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    const isTarget = header.toString('latin1', 0, header.indexOf(0)) === name;
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    const changed = isTarget ? Buffer.from(change(content.toString('utf8'))) : content;
    parts.push(sized(header, changed.length), changed, Buffer.alloc(-changed.length & (BLOCK - 1)));
    at += BLOCK + size + (-size & (BLOCK - 1));
  }
  return Buffer.concat([...parts, tar.subarray(at)]);
}

/** An entry of a tar: its header, content and padding. */
export interface TarEntry {
  readonly name: string;
  readonly blocks: Buffer;
}

/** Splits a tar into its entries; what follows the last one is left out. */
export function entriesOf(tar: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  let at = 0;
  while (tar[at] !== 0) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    const end = at + BLOCK + size + (-size & (BLOCK - 1));
    entries.push({ name, blocks: tar.subarray(at, end) });
    at = end;
  }
  return entries;
}

/** Joins entries to a tar. */
export function joinEntries(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(({ blocks }) => blocks), Buffer.alloc(2 * BLOCK)]);
}

/** An entry with the header of another one. */
export function entryLike({ blocks }: TarEntry, name: string, content: Buffer): TarEntry {
  const header = Buffer.from(blocks.subarray(0, BLOCK)).fill(0, 0, 100);
  header.write(name, 0, 'latin1');
  const padding = Buffer.alloc(-content.length & (BLOCK - 1));
  return { name, blocks: Buffer.concat([sized(header, content.length), content, padding]) };
}

function sized(header: Buffer, size: number): Buffer {
  header.write(size.toString(8).padStart(11, '0'), 124, 'latin1');
  header.fill(' ', 148, 156);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** The entries of an OCI layout, not written by a build. Images with a name like `?1` get none, others may get only a tag. */
export function layoutOf(images: Record<string, TestImage>): TestFile[] {
  const manifests = Object.entries(images).map(([name, { mediaType, digest, bytes }]) => ({
    mediaType,
    digest,
    size: bytes.length,
    annotations: annotationsOf(name),
  }));
  const blobs = new Map<string, Buffer>();
  for (const image of Object.values(images).flatMap(flatten))
    for (const [digest, bytes] of [...image.blobs, [image.digest, image.bytes] as const])
      blobs.set(digest, bytes);
  return [
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) },
    ...[...blobs].map(([digest, content]) => ({ name: `blobs/sha256/${digest.slice(7)}`, content })),
  ];
}

function annotationsOf(name: string): Record<string, string> {
  if (name === '' || name.startsWith('?')) return {};
  const refName = { 'org.opencontainers.image.ref.name': name };
  return /[/:]/.test(name) ? { 'io.containerd.image.name': name, ...refName } : refName;
}

/** Builds a bundle of images in a registry called `registry.test`, with all platforms. */
export async function buildBundle(images: Record<string, TestImage>, output: string): Promise<void> {
  await using registry = await TestRegistry.start();
  for (const [name, image] of Object.entries(images)) registry.push(name.replace('@', ':'), image);
  const text = Object.keys(images).map(name => `registry.test/${name}\n`);
  await build({
    specs: [{ file: 'list.txt', text: text.join('') }],
    output,
    platforms: 'all',
    mirrors: { 'registry.test': `http://${registry.host}` },
  });
}
