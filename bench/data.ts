import { createCipheriv, createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { imageOf, sha256, type TestLayer } from '../test/images/image.ts';
import { Distribution } from '../test/programs/distribution.ts';

const MB = 1_000_000;
const BASE_SIZES = [120, 40, 10];
const OWN_SIZES = [110, 50, 15];
const IMAGES = 12;

/** What the bench's images are called in the registry. */
export const NAMES: readonly string[] = Array.from(
  { length: IMAGES },
  (_, at) => `bench/image-${String(at).padStart(2, '0')}:1`,
);

/** Starts a real registry that holds the bench's images: 12 of them, 2.3 GB in all, 11 on one base. */
export async function startRegistry(folder: string): Promise<Distribution> {
  mkdirSync(folder, { recursive: true });
  const registry = await Distribution.start(folder);
  const done = join(folder, 'pushed');
  if (existsSync(done)) return registry;
  const base = await Promise.all(BASE_SIZES.map((size, at) => noise(`base ${at}`, size * MB)));
  for (const [at, name] of NAMES.entries()) {
    const own = await Promise.all(OWN_SIZES.map((size, layer) => noise(`${name} ${layer}`, size * MB)));
    await registry.push(name, imageOf({ layers: at === 0 ? own : [...base, ...own], compression: 'none' }));
  }
  writeFileSync(done, '');
  return registry;
}

/** A plain tar layer with one file of bytes that do not compress, the same for one seed. */
async function noise(seed: string, size: number): Promise<TestLayer> {
  const key = createHash('sha256').update(seed).digest();
  const content = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
  const tar = pack();
  tar.entry({ name: 'noise', mtime: new Date(0) }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { bytes, diffId: sha256(bytes) };
}
