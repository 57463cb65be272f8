import { describe, expect, it } from 'vitest';
import { imageOf, noiseOf } from '../../../../test/support/images/image.ts';
import { MemoryRegistry, nameOf } from '../../../../test/support/memory-bundle.ts';
import { AirgapError, type ErrorCode } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { AirgapEvent } from './events.ts';
import type { ImageSource } from './image-source.ts';
import { MemoryStore } from './memory-store.ts';
import { sourcesOf, UnionSource } from './union-source.ts';

const image = imageOf({ layers: [noiseOf(1, 100)], compression: 'none' });
const name = nameOf('team/app:1');
const root = { digest: image.digest, mediaType: image.mediaType, size: image.bytes.length } as Descriptor;
const full = async () => (await MemoryRegistry.of({ 'team/app:1': image })).store('team/app');

/** A source whose every request fails. */
function failing(code: ErrorCode, host = 'a.test'): ImageSource {
  const fail = async (): Promise<never> => {
    throw new AirgapError(code, 'failed', { where: { host } });
  };
  return { origin: { host }, resolve: fail, manifest: fail, has: fail, read: fail, referrers: fail };
}

describe('a union', () => {
  it.each<[string, () => ImageSource]>([
    ['lacks everything', () => new MemoryStore()],
    ['cannot be reached', () => failing('NETWORK')],
    ['fails', () => failing('REGISTRY')],
    ['denies everything', () => failing('DENIED')],
    ['has wrong bytes', () => failing('CONTENT')],
    ['is down', () => Object.assign(failing('USAGE'), { isDown: true })],
  ])('uses the next source when the first %s', async (_name, first) => {
    const union = new UnionSource([first(), await full()]);
    expect((await union.resolve(name))?.digest).toBe(image.digest);
    expect((await union.manifest(root)).digest).toBe(image.digest);
    for (const [digest, bytes] of image.blobs)
      expect(await union.has({ digest, size: bytes.length } as Descriptor)).toBe(true);
  });

  it('reports which source failed', async () => {
    const events: AirgapEvent[] = [];
    await new UnionSource([failing('NETWORK'), await full()], event => events.push(event)).resolve(name);
    expect(events).toEqual([{ type: 'notice', message: 'a.test: failed; trying the next source' }]);
  });

  it('fails at once with what no other source can change', async () => {
    const union = new UnionSource([failing('INTERRUPTED'), await full()]);
    await expect(union.resolve(name)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('fails with all sources, and that one lacks the name says less', async () => {
    const both = new UnionSource([failing('NOT_FOUND', 'a.test'), failing('NETWORK', 'b.test')]);
    await expect(both.manifest(root)).rejects.toMatchObject({
      code: 'NETWORK',
      message: 'failed (a.test: failed)',
    });
  });

  it('has nothing when no source has it', async () => {
    const union = new UnionSource([new MemoryStore(), new MemoryStore()]);
    expect([
      await union.resolve(name),
      await union.has(root),
      await union.referrers(image.digest as never),
    ]).toEqual([undefined, false, []]);
  });

  it('may take the first answer, also that a name does not exist', async () => {
    const union = new UnionSource([new MemoryStore(), await full()]).firstAnswer();
    expect(await union.resolve(name)).toBeUndefined();
    const down = new UnionSource([failing('NETWORK'), await full()]).firstAnswer();
    expect((await down.resolve(name))?.digest).toBe(image.digest);
  });

  it('has the single sources of unions in it', () => {
    const [a, b, c] = [new MemoryStore(), new MemoryStore(), new MemoryStore()];
    expect(sourcesOf(new UnionSource([a, new UnionSource([b, c])]))).toEqual([a, b, c]);
    expect(sourcesOf(a)).toEqual([a]);
  });
});
