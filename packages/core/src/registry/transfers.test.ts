import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, TestRegistry } from '../../../../test/registry/registry.ts';
import { sendError } from '../../../../test/registry/response.ts';
import { imageOf, noiseOf } from '../../../../test/support/images/image.ts';
import { digestOf } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { Registries } from './registries.ts';

/** Large enough to be downloaded in several ranges. */
const layer = noiseOf(1, 40_000_000);
const image = imageOf({ layers: [layer], compression: 'none' });
const blob = {
  mediaType: 'application/octet-stream',
  digest: digestOf(layer.bytes),
  size: layer.bytes.length,
};

let registry: TestRegistry;
let storage: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start();
  storage = await TestRegistry.start();
  for (const host of [registry, storage]) host.push('team/app:1', image);
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

const nameAt = (host: string) => Reference.parse(`${host}/team/app:1`);
const open = () => Registries.open({ plainHttp: [registry.host] });

/** Downloads the layer into memory. */
async function download(registries: Registries): Promise<Buffer> {
  const received = Buffer.alloc(blob.size);
  const sink = {
    sequential: false,
    write(chunk: Uint8Array, at: number) {
      received.set(chunk, at);
      return undefined;
    },
  };
  await registries.source(nameAt(registry.host)).read(blob, sink, [{ start: 0, end: blob.size }]);
  return received;
}

const toStorage: Fault = ({ path }, response) => {
  if (!path.includes('/blobs/')) return false;
  response.writeHead(307, { location: `http://${storage.host}${path}` }).end();
  return true;
};
/** Answers range requests only. */
const atRange =
  (act: Fault): Fault =>
  (request, response, content) =>
    request.range !== undefined && act(request, response, content);
const withStatus = (status: number) =>
  atRange((_request, response) => {
    sendError(response, status, 'X', 'no');
    return true;
  });
/** Answers 206 with the right bytes and this Content-Range, if any. */
const withContentRange = (contentRange: (first: number, last: number, size: number) => string | undefined) =>
  atRange(({ range = '' }, response, content = Buffer.alloc(0)) => {
    const [first = 0, last = 0] = range.replace('bytes=', '').split('-').map(Number);
    const value = contentRange(first, last, content.length);
    response.writeHead(206, value === undefined ? {} : { 'content-range': value });
    response.end(content.subarray(first, last + 1));
    return true;
  });

describe('a host that rejects ranges sends the complete blob, and gets no more range requests:', () => {
  it.each<[string, 'registry' | 'storage', Fault]>([
    ['400', 'registry', withStatus(400)],
    ['403 of the storage', 'storage', withStatus(403)],
    ['206 without Content-Range', 'registry', withContentRange(() => undefined)],
  ])('%s', async (_name, where, fault) => {
    if (where === 'storage') registry.fault = toStorage;
    const faulty = where === 'storage' ? storage : registry;
    faulty.fault = fault;
    await using registries = await open();
    for (let time = 0; time < 2; time += 1)
      expect((await download(registries)).equals(layer.bytes)).toBe(true);
    const ranges = faulty.seen.filter(({ path }) => path.includes('/blobs/')).map(({ range }) => range);
    expect(ranges).toEqual(['bytes=0-16777215', undefined, undefined]);
  });
});

it.each([
  ['another start', (first: number, last: number, size: number) => `bytes ${first + 1}-${last}/${size}`],
  [
    'another size of the blob',
    (first: number, last: number, size: number) => `bytes ${first}-${last}/${size + 1}`,
  ],
])('a Content-Range with %s is an error', async (_name, contentRange) => {
  registry.fault = withContentRange(contentRange);
  await using registries = await open();
  await expect(download(registries)).rejects.toMatchObject({
    code: 'REGISTRY',
    message: expect.stringMatching(
      /^unexpected content-range "bytes \d+-\d+\/\d+": requested the range from 0 of 40000000 bytes$/,
    ),
  });
});

it('ranges leave their connections for the next ones', async () => {
  await using registries = await Registries.open({ plainHttp: [registry.host], concurrency: 2 });
  for (let time = 0; time < 3; time += 1) expect((await download(registries)).equals(layer.bytes)).toBe(true);
  const ranges = registry.seen.filter(({ range }) => range !== undefined);
  expect(ranges).toHaveLength(9);
  // A connection that has just become free may be passed over once for each stream.
  expect(new Set(ranges.map(({ connection }) => connection)).size).toBeLessThanOrEqual(4);
});

it('a range whose response does not end is complete when its bytes are', async () => {
  registry.fault = atRange(({ range = '' }, response, content = Buffer.alloc(0)) => {
    const [first = 0, last = 0] = range.replace('bytes=', '').split('-').map(Number);
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${content.length}` });
    response.write(content.subarray(first, last + 1));
    return true;
  });
  await using registries = await Registries.open({ plainHttp: [registry.host], timeout: 500 });
  expect((await download(registries)).equals(layer.bytes)).toBe(true);
  expect(registry.seen.filter(({ range }) => range !== undefined)).toHaveLength(3);
});

it('a range that is longer than requested is cut off', async () => {
  registry.fault = atRange(({ range = '' }, response, content = Buffer.alloc(0)) => {
    const first = Number(range.replace('bytes=', '').split('-')[0]);
    response.writeHead(206, { 'content-range': `bytes ${first}-${content.length - 1}/${content.length}` });
    response.end(content.subarray(first));
    return true;
  });
  await using registries = await open();
  expect((await download(registries)).equals(layer.bytes)).toBe(true);
});

describe('a blob whose commit was cut off by a proxy', () => {
  it.each([502, 503, 504, 524])(
    'with %i is not sent again when the registry stores it later',
    async status => {
      await using target = await TestRegistry.start();
      const bytes = noiseOf(2, 300_000).bytes;
      let hidden = 2;
      target.fault = async ({ step }, response) => {
        if (step === 'head' && target.seen.some(seen => seen.step === 'monolithic') && hidden > 0) {
          hidden -= 1;
          sendError(response, 404, 'BLOB_UNKNOWN', 'not yet');
          return true;
        }
        if (step !== 'monolithic') return false;
        Object.defineProperty(response, 'statusCode', { get: () => status, set: () => {} });
        return false;
      };
      await using registries = await Registries.open({});
      const pushed = { ...blob, digest: digestOf(bytes), size: bytes.length };
      const body = async function* (start: number, end: number) {
        yield bytes.subarray(start, end);
      };
      await registries.target(nameAt(target.host)).put(pushed, body);
      expect(target.seen.filter(({ step }) => step === 'monolithic')).toHaveLength(1);
      expect(target.blob('team/app', pushed.digest)).toEqual(bytes);
      expect(hidden).toBe(0);
    },
  );
});

it('a push of 61 small blobs opens at most three times as many connections as it uses at once', async () => {
  const concurrency = 8;
  await using target = await TestRegistry.start();
  const connections = new Set<unknown>();
  target.fault = ({ incoming }) => {
    connections.add(incoming.socket);
    return false;
  };
  await using registries = await Registries.open({ concurrency });
  const push = registries.target(nameAt(target.host));
  const pushBlob = async (seed: number) => {
    const { bytes } = noiseOf(seed, 2000);
    const pushed = { ...blob, digest: digestOf(bytes), size: bytes.length };
    const body = async function* (start: number, end: number) {
      yield bytes.subarray(start, end);
    };
    expect(await push.has(pushed)).toBe(false);
    await push.put(pushed, body);
    expect(await push.has(pushed)).toBe(true);
  };
  await Promise.all(Array.from({ length: 61 }, (_, seed) => pushBlob(seed + 10)));
  expect(target.seen.length).toBeGreaterThanOrEqual(4 * 61);
  expect(connections.size).toBeLessThanOrEqual(3 * concurrency);
});

it('a piece is not lost when a response without ranges and one with a range break', async () => {
  let blobs = 0;
  const PIECE = 16 * 1024 * 1024;
  registry.fault = async ({ path, range }, response, content = Buffer.alloc(0)) => {
    if (!path.includes('/blobs/')) return false;
    blobs += 1;
    // First, the complete blob in spite of the range, and then a range; both break in the second piece and later.
    if (blobs > 2) return false;
    const first = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    const start = blobs === 1 ? 0 : first;
    const end = blobs === 1 ? PIECE + 1_000_000 : first + 500_000;
    const headers =
      blobs === 1
        ? { 'content-length': content.length }
        : {
            'content-range': `bytes ${first}-${2 * PIECE - 1}/${content.length}`,
            'content-length': 2 * PIECE - first,
          };
    response.writeHead(blobs === 1 ? 200 : 206, headers);
    response.write(content.subarray(start, end), () => setTimeout(() => response.destroy(), 100));
    return true;
  };
  let written = 0;
  const received = Buffer.alloc(blob.size);
  const sink = {
    sequential: false,
    write(chunk: Uint8Array, at: number) {
      received.set(chunk, at);
      written += chunk.length;
      return undefined;
    },
  };
  await using registries = await open();
  await registries.source(nameAt(registry.host)).read(blob, sink, [{ start: 0, end: blob.size }]);
  expect(received.equals(layer.bytes)).toBe(true);
  expect(written).toBe(blob.size);
});
