import { describe, expect, it } from 'vitest';
import { noiseOf } from '../../../../test/support/images/image.ts';
import { AirgapError, type ErrorCode } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { blobBody } from './blob-stream.ts';
import { type BlobWriter, HashingWriter, MemoryWriter } from './blob-writer.ts';
import { copyBlob } from './copy-blob.ts';
import type { AirgapEvent } from './events.ts';
import type { BlobSource } from './image-source.ts';
import type { Range } from './ranges.ts';

const bytes = noiseOf(1, 3_000_000).bytes;
const blob: Descriptor = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length };
const CHUNK = 100_000;

/** A source that sends some content, and fails after a number of bytes. */
class Source implements BlobSource {
  readonly origin: BlobSource['origin'];
  readonly asked: Range[] = [];
  isDown = false;
  readonly #content: () => Buffer;
  readonly #fails: { readonly after: number; readonly code: ErrorCode } | undefined;

  constructor(host: string, content: Buffer | (() => Buffer), fails?: { after: number; code: ErrorCode }) {
    this.origin = { host };
    this.#content = typeof content === 'function' ? content : () => content;
    this.#fails = fails;
  }

  async has(): Promise<boolean> {
    return true;
  }

  async read(_blob: Descriptor, into: BlobWriter, wanted: readonly Range[]): Promise<void> {
    this.asked.push(...wanted);
    const content = this.#content();
    let sent = 0;
    for (const { start, end } of wanted)
      for (let at = start; at < Math.min(end, content.length); at += CHUNK) {
        if (this.#fails && sent >= this.#fails.after)
          throw new AirgapError(this.#fails.code, `failed after ${sent} bytes`, { where: this.origin });
        await into.write(content.subarray(at, Math.min(at + CHUNK, end)), at);
        sent += CHUNK;
      }
  }
}

const flipped = () => {
  const wrong = Buffer.from(bytes);
  wrong[7] = (wrong[7] ?? 0) ^ 1;
  return wrong;
};
const good = (host = 'good.test') => new Source(host, bytes);
const wrong = (host = 'wrong.test') => new Source(host, flipped());

async function copy(sources: readonly BlobSource[], writer: BlobWriter = new MemoryWriter(blob.size)) {
  const events: AirgapEvent[] = [];
  const counted = new Map<string | undefined, number>();
  const onBytes = ({ origin: { host } }: BlobSource, more: number) =>
    void counted.set(host, (counted.get(host) ?? 0) + more);
  const options = {
    images: ['a.test/one:1', 'a.test/two:1'],
    onEvent: (event: AirgapEvent) => void events.push(event),
    onBytes,
  };
  await copyBlob(sources, blob, writer, options);
  return { writer, events, counted };
}

const bytesOf = (writer: BlobWriter) => (writer as MemoryWriter).bytes;

describe('a blob is copied', () => {
  it.each<[string, readonly Source[]]>([
    ['from the first source', [good(), wrong()]],
    [
      'when the first source lacks it',
      [new Source('a.test', bytes, { after: 0, code: 'NOT_FOUND' }), good()],
    ],
    ['when the first source denies it', [new Source('a.test', bytes, { after: 0, code: 'DENIED' }), good()]],
    ['when the first source breaks', [new Source('a.test', bytes, { after: 1e6, code: 'NETWORK' }), good()]],
    ['when the first source sends another byte', [wrong(), good()]],
    ['when the first source sends too few bytes', [new Source('a.test', bytes.subarray(0, -1)), good()]],
    [
      'when the first source sends too many bytes',
      [new Source('a.test', Buffer.concat([bytes, bytes])), good()],
    ],
    [
      'when two of three sources fail',
      [wrong('a.test'), new Source('b.test', bytes, { after: 5e5, code: 'REGISTRY' }), good()],
    ],
    [
      'when all sources are down, from the last',
      [Object.assign(wrong(), { isDown: true }), Object.assign(good(), { isDown: true })],
    ],
  ])('%s', async (_name, sources) => {
    const { writer } = await copy(sources);
    expect(bytesOf(writer).equals(bytes)).toBe(true);
  });

  it('from the byte where a source broke', async () => {
    const [broken, next] = [new Source('a.test', bytes, { after: 1e6, code: 'NETWORK' }), good()];
    const { counted } = await copy([broken, next]);
    expect(next.asked).toEqual([{ start: 1_000_000, end: blob.size }]);
    expect(Object.fromEntries(counted)).toEqual({ 'a.test': 1_000_000, 'good.test': 2_000_000 });
  });

  it('from the start when the bytes were wrong', async () => {
    const next = good();
    await copy([wrong(), next]);
    expect(next.asked).toEqual([{ start: 0, end: blob.size }]);
  });

  it('without a request when the writer has all of it', async () => {
    const writer = new MemoryWriter(blob.size);
    writer.write(bytes, 0);
    const source = good();
    await copy([source], writer);
    expect(source.asked).toEqual([]);
  });

  it('again when the writer has wrong bytes of an interrupted build', async () => {
    const writer = new MemoryWriter(blob.size);
    writer.write(flipped().subarray(0, 2_000_000), 0);
    const source = good();
    await copy([source], writer);
    expect([source.asked, bytesOf(writer).equals(bytes)]).toEqual([
      [
        { start: 2_000_000, end: blob.size },
        { start: 0, end: blob.size },
      ],
      true,
    ]);
  });

  it('once more from a source that has sent wrong bytes', async () => {
    let time = 0;
    const recovering = new Source('a.test', () => {
      time += 1;
      return time === 1 ? flipped() : bytes;
    });
    const { events } = await copy([recovering]);
    expect(events.filter(({ type }) => type === 'notice')).toMatchObject([
      { message: expect.stringMatching(/retrying once$/) },
    ]);
  });

  it('not from a source that is down', async () => {
    const down = Object.assign(wrong(), { isDown: true });
    await copy([down, good()]);
    expect(down.asked).toEqual([]);
  });
});

describe('a blob is not copied', () => {
  it('from wrong sources, each of which is named with the images', async () => {
    const copying = copy([
      wrong('a.test'),
      new Source('b.test', bytes, { after: 0, code: 'NETWORK' }),
      wrong('c.test'),
    ]);
    await expect(copying).rejects.toMatchObject({
      code: 'CONTENT',
      message: expect.stringMatching(
        /^digest mismatch: expected sha256:\w+, got sha256:\w+ \(b.test: failed after 0 bytes; c.test: digest mismatch: .*\) \(needed by a.test\/two:1 as well\)$/,
      ),
      where: { host: 'a.test', digest: blob.digest, image: 'a.test/one:1' },
    });
  });

  it('when no source has it; that one failed says more', async () => {
    const without = (host: string) => new Source(host, bytes, { after: 0, code: 'NOT_FOUND' });
    await expect(copy([without('a.test'), without('b.test')])).rejects.toMatchObject({
      code: 'NOT_FOUND',
      where: { host: 'a.test' },
    });
    const failing = new Source('b.test', bytes, { after: 0, code: 'NETWORK' });
    await expect(copy([without('a.test'), failing])).rejects.toMatchObject({
      code: 'NETWORK',
      where: { host: 'b.test' },
    });
  });

  it.each<[string, Buffer, string]>([
    ['too few', bytes.subarray(0, -1), 'size mismatch: expected 3000000 bytes, got 2999999'],
    ['too many', Buffer.concat([bytes, bytes]), 'size mismatch: expected 3000000 bytes, got more'],
  ])('of %s bytes', async (_name, content, message) => {
    // It is read to its end, whatever is wanted.
    const source = new Source('a.test', content);
    const read = source.read.bind(source);
    source.read = (each, into) => read(each, into, [{ start: 0, end: content.length }]);
    await expect(copy([source])).rejects.toMatchObject({
      code: 'CONTENT',
      message: expect.stringContaining(message),
    });
  });

  it.each<ErrorCode>(['INTERRUPTED', 'DISK', 'USAGE'])('from another source after %s', async code => {
    const next = good();
    await expect(copy([new Source('a.test', bytes, { after: 5e5, code }), next])).rejects.toMatchObject({
      code,
    });
    expect(next.asked).toEqual([]);
  });

  it('from another source when the bytes cannot be taken back', async () => {
    const next = good();
    await expect(copy([wrong(), next], new HashingWriter({ write: () => undefined }))).rejects.toMatchObject({
      code: 'CONTENT',
    });
    expect(next.asked).toEqual([]);
  });
});

it('the events of a blob add up to its size, and name the hosts that sent it', async () => {
  const { events } = await copy([new Source('a.test', bytes, { after: 1_500_000, code: 'NETWORK' }), good()]);
  const types = events.map(event => ('host' in event ? `${event.type} ${event.host}` : event.type));
  expect(types).toEqual([
    'blob-started a.test',
    'blob-progress',
    'notice',
    'blob-started good.test',
    'blob-progress',
    'blob-progress',
    'blob-finished',
  ]);
  const received = events.flatMap(event => (event.type === 'blob-progress' ? event.received : []));
  expect([received, received.at(-1)]).toEqual([[...received].sort((a, b) => a - b), blob.size]);
});

describe('a body', () => {
  it('has the bytes of the first source that sends them right from the start', async () => {
    const chunks: Uint8Array[] = [];
    const failing = new Source('a.test', bytes, { after: 0, code: 'NETWORK' });
    for await (const chunk of blobBody([failing, good()], blob, ['x'])(0, blob.size)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it('holds back the last chunk of wrong bytes', async () => {
    let received = 0;
    const reading = (async () => {
      for await (const chunk of blobBody([wrong()], blob, ['x'])(0, blob.size)) received += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'CONTENT' });
    expect(received).toBe(blob.size - CHUNK);
  });

  it('may be a part of the blob', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of blobBody([good()], blob, ['x'])(5, 250_000)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes.subarray(5, 250_000))).toBe(true);
  });
});
