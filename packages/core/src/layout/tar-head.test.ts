import { beforeAll, describe, expect, it } from 'vitest';
import { entriesOf, joinEntries, withEntry } from '../../../../test/support/bundle.ts';
import { imageOf, indexOf, noiseOf } from '../../../../test/support/images/image.ts';
import { bundleOf } from '../../../../test/support/memory-bundle.ts';
import { ObjectAccess } from '../objects/read/object-access.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Range } from '../store/ranges.ts';
import { readInOrder } from '../store/read-ranges.ts';
import { walkTar } from '../tar/walk.ts';
import { Layout } from './layout.ts';
import type { LayoutFiles } from './layout-files.ts';
import { openByHead } from './tar-head.ts';

const MIB = 1024 * 1024;
const large = [1, 2].map(seed => noiseOf(seed, 9 * MIB));

/** A tar of which each read is a request. Its start has come with the answer that opened it. */
function remote(tar: Buffer) {
  const requests: Range[] = [];
  const object = {
    location: 'https://host.test/b.tar',
    size: tar.length,
    fetch: async (range: Range, into: Uint8Array) => {
      requests.push(range);
      into.set(tar.subarray(range.start, range.end));
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { access: new ObjectAccess({ object, start: tar.subarray(0, MIB) }), requests };
}

async function sizeAndDigest(layout: Layout, blob: Pick<Descriptor, 'digest'>): Promise<number> {
  await using bytes = await layout.open(blob);
  let size = 0;
  for await (const chunk of readInOrder(bytes)) size += chunk.length;
  return size;
}

/** The names, offsets and sizes that a walk over the tar finds. */
async function walked(tar: Buffer) {
  const found: unknown[] = [];
  for await (const { name, offset, size } of walkTar(remote(tar).access)) found.push({ name, offset, size });
  return found;
}

describe('a bundle that is opened by its head', () => {
  let small: Buffer;
  /** Its manifests and configs have more than a start. */
  let many: Buffer;
  beforeAll(async () => {
    small = await bundleOf({
      'team/app:1': indexOf(large.map(layer => imageOf({ layers: [layer] }))),
      'team/b:1': imageOf({ layers: [noiseOf(3, 1000)] }),
    });
    const images = Array.from({ length: 600 }, (_, at) =>
      imageOf({ layers: [noiseOf(4, 500)], cmd: [`${at}`] }),
    );
    many = await bundleOf({
      ...Object.fromEntries(images.map((image, at) => [`team/app-${at}:1`, image])),
      'team/large:1': imageOf({ layers: [large[0] as (typeof large)[0]] }),
    });
  });

  it.each([
    ['with a small head', () => small, 0],
    ['with a large head', () => many, 1],
  ])('has the offsets of a walk, %s', async (_name, tarOf, expected) => {
    const tar = tarOf();
    const { access, requests } = remote(tar);
    const files = await openByHead(access);
    const placed = [...(files?.entries.values() ?? [])].map(entry => entry as unknown as { offset: number });
    expect(placed).toMatchObject(await walked(tar));
    expect(files?.form).toBe('bundle');
    for (const { descriptor } of await new Layout(files as LayoutFiles).names())
      await new Layout(files as LayoutFiles).manifest(descriptor);
    expect(requests).toHaveLength(expected);
  });

  it('reads a layer with its header, piece by piece, and nothing twice', async () => {
    const { access, requests } = remote(small);
    const layout = new Layout((await openByHead(access)) as LayoutFiles);
    const [digest] = large.map(({ diffId }) => diffId as Descriptor['digest']);
    expect(await sizeAndDigest(layout, { digest: digest as Descriptor['digest'] })).toBe(9 * MIB);
    const bytes = requests.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(bytes).toBeLessThanOrEqual(9 * MIB + 512);
    const [first] = requests;
    const entry = layout.entries.get(`blobs/sha256/${digest?.slice(7)}`) as unknown as {
      headerOffset: number;
    };
    expect(first?.start).toBe(Math.max(entry.headerOffset, MIB));
  });

  it('finds a changed header when its layer is read', async () => {
    const last = [...(await walked(small))].at(-1) as { offset: number; name: string };
    const tar = Buffer.from(small);
    tar.write('9', last.offset - 512 + 136, 'latin1');
    const layout = new Layout((await openByHead(remote(tar).access)) as LayoutFiles);
    const digest = `sha256:${last.name.split('/').at(-1)}` as Descriptor['digest'];
    await using bytes = await layout.open({ digest });
    await expect(bytes.read(Buffer.alloc(10), 0)).rejects.toMatchObject({
      code: 'BUNDLE',
      message: expect.stringContaining(`expected the header of ${last.name}`),
    });
    await using middle = await layout.open({ digest });
    await expect(middle.read(Buffer.alloc(10), 5_000_000)).rejects.toMatchObject({ code: 'BUNDLE' });
  });

  it('is refused when it is shorter than its head says', async () => {
    await expect(openByHead(remote(small.subarray(0, -5 * MIB)).access)).rejects.toMatchObject({
      code: 'BUNDLE',
      message: `truncated tar: expected ${small.length} bytes, got ${small.length - 5 * MIB}`,
    });
  });

  it.each<[string, () => Buffer]>([
    ['entries in another order', () => joinEntries(entriesOf(small).toReversed())],
    ['an entry that nothing needs', () => joinEntries([...entriesOf(small), ...entriesOf(small).slice(-1)])],
    ['a manifest that is missing', () => joinEntries(entriesOf(small).filter((_, at) => at !== 3))],
    ['an index that is not JSON', () => withEntry(small, 'index.json', () => 'x')],
    ['another first entry', () => joinEntries(entriesOf(small).slice(1))],
    ['no tar', () => noiseOf(9, 3 * MIB).bytes],
  ])('is walked for %s', async (_name, tarOf) => {
    const { access, requests } = remote(tarOf());
    expect(await openByHead(access)).toBeUndefined();
    expect(requests.length).toBeLessThanOrEqual(1);
  });
});
