import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noiseOf } from '../../../../../test/support/images/image.ts';
import { blobPath } from '../../layout/documents.ts';
import { digestOf } from '../../oci/digest.ts';
import { writeFraming } from '../../tar/framing.ts';
import { planTar } from '../../tar/plan.ts';
import { BundleFile } from './bundle-file.ts';
import { checkSpace, checkTarget } from './disk.ts';
import { OutputNames } from './output-names.ts';
import { openPrevious } from './previous-bundle.ts';

const contents = [1, 2, 3].map(seed => noiseOf(seed, 300_000).bytes);
const blobs = contents.map(bytes => ({ digest: digestOf(bytes), size: bytes.length, mediaType: 'x' }));
const plan = planOf(blobs);
const [first, second, third] = plan.entries as [Entry, Entry, Entry];
type Entry = (typeof plan.entries)[number];

function planOf(all: readonly (typeof blobs)[number][]) {
  return planTar(all.map(blob => ({ name: blobPath(blob), size: blob.size, content: undefined })));
}

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-file-'));
  path = join(folder, 'b.tar');
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (tarPlan = plan) => BundleFile.open(path, tarPlan, { signal: new AbortController().signal });

/** Writes a part of the first blob and all of the second, and stops. */
async function interrupt(): Promise<void> {
  await using file = await open();
  await writeFraming(file, plan);
  const [a, b] = contents as [Buffer, Buffer];
  for (const [entry, bytes] of [
    [first, a.subarray(0, 200_000)],
    [second, b],
  ] as const) {
    const writer = file.writer(entry);
    writer.write(bytes, 0);
    await writer.digest();
  }
}

describe('a bundle that was interrupted', () => {
  it('is at its full length, with the bytes that were written', async () => {
    await interrupt();
    expect(readdirSync(folder).sort()).toEqual(['b.tar.partial', 'b.tar.partial.journal']);
    expect(statSync(`${path}.partial`).size).toBe(plan.size);
    await using file = await open();
    expect(file.resumed).toBe(500_000);
    expect([first, second, third].map(entry => file.writer(entry).written.size)).toEqual([
      200_000, 300_000, 0,
    ]);
    expect(await file.writer(second).digest()).toBe(blobs[1]?.digest);
  });

  it('does not have a blob that proved wrong', async () => {
    await interrupt();
    {
      await using file = await open();
      file.writer(second).restart();
    }
    await using file = await open();
    expect(file.resumed).toBe(200_000);
  });

  it.each<[string, () => void]>([
    ['another size', () => truncateSync(`${path}.partial`, 1000)],
    ['no file', () => rmSync(`${path}.partial`)],
    ['no journal', () => rmSync(`${path}.partial.journal`)],
    [
      'the journal of another plan',
      () => writeFileSync(`${path}.partial.journal`, 'airgap journal 1 other\n1 0 9\n'),
    ],
  ])('is not resumed with %s', async (_name, damage) => {
    await interrupt();
    damage();
    await using file = await open();
    expect(file.resumed).toBe(0);
  });

  it('gives its complete blobs to a build of another plan', async () => {
    await interrupt();
    await using file = await open(planOf(blobs.slice(1)));
    expect(file.resumed).toBe(0);
    await using previous = await openPrevious(
      new OutputNames(path, { size: plan.size, partSize: undefined }),
    );
    expect(blobs.map(blob => previous?.contains(blob))).toEqual([false, true, false]);
  });

  it('leaves nothing once it is discarded', async () => {
    await interrupt();
    {
      await using file = await open();
      expect(file.isResumable).toBe(true);
      file.discard();
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a bundle file', () => {
  it('leaves nothing when no blob was written', async () => {
    {
      await using file = await open();
      await writeFraming(file, plan);
      expect(file.isResumable).toBe(false);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gets its name, and replaces what had it, with the commit', async () => {
    writeFileSync(path, 'old');
    await using file = await open();
    file.write(contents[0] as Buffer, first.offset);
    expect(readFileSync(path, 'utf8')).toBe('old');
    await file.commit();
    expect(statSync(path).size).toBe(plan.size);
    await file[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toEqual(['b.tar']);
  });

  it('is locked while it is open', async () => {
    {
      await using _file = await open();
      await expect(open()).rejects.toMatchObject({
        code: 'DISK',
        message: expect.stringContaining('another build is writing'),
      });
    }
    expect(existsSync(`${path}.partial.lock`)).toBe(false);
  });
});

describe('a place for a bundle', () => {
  it.each<[string, () => string, object]>([
    ['that is empty', () => '', { code: 'USAGE' }],
    [
      'in no directory',
      () => join(folder, 'none', 'b.tar'),
      { code: 'DISK', message: /the directory does not exist/ },
    ],
    ['that is a directory', () => folder, { code: 'DISK', message: /is a directory/ }],
    ['that ends with a slash', () => `${path}/`, { code: 'DISK', message: /not a directory/ }],
    ['that is an object', () => 's3://bucket/b.tar', { code: 'USAGE', message: /not to a URL/ }],
    ['that is a URL', () => 'https://user:pw@host/b.tar', { code: 'USAGE', message: /not to a URL/ }],
    ['that is a device', () => '/dev/null', { code: 'DISK', message: /a device or a pipe/ }],
    ['that is standard output', () => '-', { code: 'USAGE', message: /to standard output/ }],
    ['that is a directory with a slash', () => `${folder}/`, { code: 'DISK', message: /is a directory/ }],
    [
      'whose partial file has a long name',
      () => join(folder, 'n'.repeat(245)),
      { code: 'DISK', message: /the name is too long/ },
    ],
    [
      'with a long name',
      () => join(folder, 'n'.repeat(300)),
      { code: 'DISK', message: /the name is too long/ },
    ],
  ])('%s is an error', async (_name, place, { message, ...error }: { message?: RegExp }) => {
    await expect(checkTarget(place())).rejects.toMatchObject({
      ...error,
      ...(message ? { message: expect.stringMatching(message) } : {}),
    });
  });

  it('needs the space of the bundle', async () => {
    await checkSpace(path, 1000);
    await expect(checkSpace(path, 2 ** 60)).rejects.toMatchObject({
      code: 'DISK',
      message: expect.stringMatching(
        /the bundle needs 1153 PB, [\d.]+ [kMGT]B are free in \/.*: 1153 PB short/,
      ),
    });
  });
});
