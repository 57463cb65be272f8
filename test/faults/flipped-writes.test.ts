import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { entriesOf } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { lacks, output } from '../support/programs/program.ts';

const SOURCE = fileURLToPath(new URL('../support/programs/flip-write.c', import.meta.url));
/** Of a layer that a thread hashes, and of one that is hashed at once, in bytes. */
const [LARGE, SMALL] = [900_000, 10_000];

const notLinux = process.platform !== 'linux';
const missing = lacks('one flipped bit in one write', 'gcc');

describe.skipIf(notLinux || missing)('a build whose disk flips one bit of one write', () => {
  const work = new TempDir();
  const library = work.file('flip.so');
  let registry: TestRegistry;
  let intact: Buffer;

  beforeAll(async () => {
    await output('gcc', '-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl');
    registry = await TestRegistry.start();
    const old = imageOf({ layers: [noiseOf(1, LARGE), noiseOf(2, SMALL)], compression: 'none' });
    registry.push('team/old:1', old);
    const layers = [noiseOf(1, LARGE), noiseOf(2, SMALL), noiseOf(3, LARGE + 1), noiseOf(4, SMALL + 1)];
    registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
    await build('old.tar', 'team/old:1');
    expect(await build('intact.tar', 'team/app:1')).toBe(0);
    intact = readFileSync(work.file('intact.tar'));
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  async function build(name: string, image: string, flags: string[] = [], env = {}): Promise<number | null> {
    const input = `${registry.host}/${image}\n`;
    const connection = ['--plain-http', registry.host, '--progress', 'none'];
    const args = ['build', '-', '-o', work.file(name), ...connection, ...flags];
    const { status, stderr } = await airgap(args, { stdin: input, env });
    if (status === 70) throw new Error(stderr);
    return status;
  }

  /** The offset of an entry in the tar, and of its content. */
  function offsetOf(isIt: (size: number, at: number, name: string) => boolean): number {
    let at = 0;
    for (const { name, blocks } of entriesOf(intact)) {
      if (isIt(Number.parseInt(blocks.toString('latin1', 124, 135), 8), at, name)) return at;
      at += blocks.length;
    }
    throw new Error('no such entry');
  }
  const named = (name: string) => offsetOf((_size, _at, entry) => entry === name);
  const sized = (size: number) => offsetOf(entrySize => entrySize === size);
  const blobNumber = (number: number) => {
    let blobs = 0;
    return offsetOf((_size, _at, name) => name.startsWith('blobs/') && blobs++ === number);
  };

  it.each<[string, () => number]>([
    ['the first header', () => 5],
    ['the header of a layer', () => sized(LARGE) + 130],
    ['oci-layout', () => named('oci-layout') + 512 + 3],
    ['index.json', () => named('index.json') + 512 + 30],
    ['manifest.json', () => named('manifest.json') + 512 + 30],
    ['a manifest', () => blobNumber(0) + 512 + 30],
    ['a config', () => blobNumber(1) + 512 + 30],
    ['the padding of a document', () => named('oci-layout') + 1000],
    ['the end of the archive', () => intact.length - 700],
    ['a large layer that is reused', () => sized(LARGE) + 512 + 300_000],
    ['a small layer that is reused', () => sized(SMALL) + 512 + 5_000],
    ['a large layer that is downloaded', () => sized(LARGE + 1) + 512 + 300_000],
    ['a small layer that is downloaded', () => sized(SMALL + 1) + 512 + 5_000],
  ])('in %s writes the right bytes, or no bundle', async (place, offset) => {
    const name = `${place.replaceAll(' ', '-')}.tar`;
    const log = work.file(`${name}.log`);
    const env = {
      LD_PRELOAD: library,
      FLIP_SUFFIX: `${name}.partial`,
      FLIP_OFFSET: String(offset()),
      FLIP_LOG: log,
    };
    const status = await build(name, 'team/app:1', ['--reuse', work.file('old.tar')], env);
    expect(readFileSync(log, 'utf8')).toBe('flipped\n');
    expect(status).toBe(/layer that/.test(place) ? 0 : 5);
    if (status === 0) expect(readFileSync(work.file(name)).equals(intact)).toBe(true);
    else expect(existsSync(work.file(name))).toBe(false);
  });
});
