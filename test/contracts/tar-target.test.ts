import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BlobRef, BundleInput } from '../../packages/core/src/bundle/entry-content.ts';
import { BundleFile } from '../../packages/core/src/bundle/file/bundle-file.ts';
import { StreamTarget } from '../../packages/core/src/bundle/stream-target.ts';
import { writeBundle } from '../../packages/core/src/bundle/write-bundle.ts';
import { MultipartUpload } from '../../packages/core/src/objects/multipart-upload.ts';
import { ObjectStore } from '../../packages/core/src/objects/s3/object-store.ts';
import { TaskTarget } from '../../packages/core/src/objects/task-target.ts';
import { digestOf } from '../../packages/core/src/oci/digest.ts';
import { Reference } from '../../packages/core/src/reference/reference.ts';
import type { BlobSource } from '../../packages/core/src/store/image-source.ts';
import { MemoryStore } from '../../packages/core/src/store/memory-store.ts';
import { paddingOf, writeFraming } from '../../packages/core/src/tar/framing.ts';
import { TRAILER_SIZE } from '../../packages/core/src/tar/header.ts';
import { type PlannedEntry, planTar } from '../../packages/core/src/tar/plan.ts';
import type { TarTarget } from '../../packages/core/src/tar/target.ts';
import { noiseOf } from '../support/images/image.ts';
import { ObjectServer } from '../support/object-server.ts';

const name = Reference.parse('registry.test/team/app:1');
const store = new MemoryStore();
/** Sizes around a block, and beyond the buffers of a writer. */
const contents = [0, 1, 511, 512, 513, 300_000, 5_000_000].map((size, seed) => noiseOf(seed, size).bytes);
const inputs = contents.map((bytes, index): BundleInput => {
  const blob = store.addBlob(bytes, 'application/octet-stream');
  const ref: BlobRef = { blob, from: name, images: new Set([name.toString()]) };
  return { name: `blobs/${index}`, size: bytes.length, content: index === 1 ? { bytes } : ref };
});
const plan = planTar(inputs);
/** The tar as the plan describes it. */
const planned = Buffer.concat([
  ...plan.entries.flatMap((entry, index) => [entry.header, contents[index] as Buffer, paddingOf(entry)]),
  Buffer.alloc(TRAILER_SIZE),
]);

/** It has every blob, with zeros instead of its content. */
const wrong: BlobSource = {
  origin: { host: 'wrong.test' },
  has: async () => true,
  read: async (blob, into) => void (await into.write(Buffer.alloc(blob.size), 0)),
};
/** The build is stopped while it sends a blob. */
const aborting: BlobSource = {
  origin: { host: 'slow.test' },
  has: async () => true,
  read: async (blob, into) => {
    await into.write(Buffer.alloc(Math.min(blob.size, 100)), 0);
    stopper.abort(new Error('enough'));
    throw stopper.signal.reason;
  },
};

let folder: string;
let stopper: AbortController;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-contract-'));
  stopper = new AbortController();
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Opened extends AsyncDisposable {
  readonly target: TarTarget;
  /** What a reader finds: the file under its final name, or what was sent; undefined without a file. */
  readonly bytes: () => Buffer | undefined;
}

async function file(): Promise<Opened> {
  const path = join(folder, 'bundle.tar');
  const target = await BundleFile.open(path, plan, { signal: stopper.signal });
  return {
    target,
    bytes: () => (existsSync(path) ? readFileSync(path) : undefined),
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

/** Small enough that blobs lie in several parts, and that some parts have no header. */
const PART_SIZE = 65_536;

async function parts(): Promise<Opened> {
  const path = join(folder, 'bundle.tar');
  const target = await BundleFile.open(path, plan, { signal: stopper.signal, partSize: PART_SIZE });
  return {
    target,
    bytes: () =>
      existsSync(`${path}.001`)
        ? Buffer.concat(target.names.files.map(file => readFileSync(file)))
        : undefined,
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

async function stream(): Promise<Opened> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    target: new StreamTarget(out, stopper.signal),
    bytes: () => Buffer.concat(chunks),
    [Symbol.asyncDispose]: async () => void out.destroy(),
  };
}

/** The smallest parts that a store accepts: the largest blob lies in two of them. */
async function object(): Promise<Opened> {
  const server = await ObjectServer.start();
  for (const [name, value] of Object.entries(server.environment)) vi.stubEnv(name, value);
  const store = await ObjectStore.open('s3://bucket/bundle.tar', { signal: stopper.signal });
  const upload = await MultipartUpload.create(store);
  const middle = 5 * 1024 ** 2;
  const parts = [
    { number: 1, start: 0, end: middle },
    { number: 2, start: middle, end: plan.size },
  ];
  const target = await store.run('open the target', async client => {
    const task = { start: 0, end: plan.size, parts };
    return new TaskTarget(upload, client, task, { signal: stopper.signal });
  });
  return {
    target: Object.assign(target, { commit: () => upload.complete(target.sent, plan.size) }),
    bytes: () => server.object('bundle.tar'),
    [Symbol.asyncDispose]: async () => {
      await target.resume();
      await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      vi.unstubAllEnvs();
    },
  };
}

const TARGETS: readonly (readonly [string, () => Promise<Opened>])[] = [
  ['a file', file],
  ['a file in parts', parts],
  ['a stream', stream],
  ['an object', object],
];

function contentOf(entry: PlannedEntry): Buffer {
  return contents[plan.entries.indexOf(entry as (typeof plan.entries)[number])] as Buffer;
}

/** Writes a blob in chunks. */
async function writeBlob(target: TarTarget, entry: PlannedEntry, chunk = 70_000) {
  const writer = target.writer(entry);
  const bytes = contentOf(entry);
  for (let at = 0; at < bytes.length; at += chunk) await writer.write(bytes.subarray(at, at + chunk), at);
  return writer;
}

describe.each(TARGETS)('%s as the target of a tar', (_name, open) => {
  it('has the planned tar', async () => {
    await using opened = await open();
    await writeBundle(opened.target, plan, { sourcesOf: () => [store] });
    await opened.target.commit();
    expect(opened.bytes()?.length).toBe(plan.size);
    expect(opened.bytes()?.equals(planned)).toBe(true);
  });

  it('has a tar that programs read', async () => {
    await using opened = await open();
    await writeBundle(opened.target, plan, { sourcesOf: () => [store] });
    await opened.target.commit();
    const path = join(folder, 'read.tar');
    writeFileSync(path, opened.bytes() ?? '');
    execFileSync('tar', ['-xf', path, '-C', folder]);
    for (const [index, bytes] of contents.entries())
      expect(readFileSync(join(folder, 'blobs', String(index))).equals(bytes)).toBe(true);
  });

  it('computes the digest of each blob', async () => {
    await using opened = await open();
    const { target } = opened;
    for (const entry of plan.entries) {
      await target.write(entry.header, entry.headerOffset);
      const writer = await writeBlob(target, entry);
      expect(writer.written.size).toBe(entry.size);
      expect(await writer.digest()).toBe(digestOf(contentOf(entry)));
      await target.write(paddingOf(entry), entry.offset + entry.size);
    }
  });

  it('copies the chunk before the caller overwrites it', async () => {
    await using opened = await open();
    const { target } = opened;
    const chunk = Buffer.alloc(65_536);
    for (const entry of plan.entries) {
      await target.write(entry.header, entry.headerOffset);
      const writer = target.writer(entry);
      const bytes = contentOf(entry);
      for (let at = 0; at < bytes.length; at += chunk.length) {
        const size = bytes.copy(chunk, 0, at);
        await writer.write(chunk.subarray(0, size), at);
        chunk.fill(0xff);
      }
      await writer.digest();
      await target.write(paddingOf(entry), entry.offset + entry.size);
    }
    await target.write(Buffer.alloc(TRAILER_SIZE), plan.size - TRAILER_SIZE);
    await target.commit();
    expect(opened.bytes()?.equals(planned)).toBe(true);
  });

  it.each<[string, BlobSource, object]>([
    ['no source has a blob', new MemoryStore(), { code: 'NOT_FOUND' }],
    ['a source sends wrong bytes', wrong, { code: 'CONTENT' }],
    ['the writing is aborted', aborting, { message: 'enough' }],
  ])('never has the end of the archive when %s', async (_case, source, error) => {
    {
      await using opened = await open();
      const writing = writeBundle(opened.target, plan, { sourcesOf: () => [source] });
      await expect(writing).rejects.toMatchObject(error);
      const bytes = opened.bytes() ?? Buffer.alloc(0);
      expect(bytes.length).toBeLessThan(plan.size - TRAILER_SIZE);
    }
    expect(existsSync(join(folder, 'bundle.tar'))).toBe(false);
    expect(existsSync(join(folder, 'bundle.tar.001'))).toBe(false);
  });
});

describe.each(TARGETS.slice(0, 2))('%s', (_name, open) => {
  it('accepts entries and chunks in any order', async () => {
    await using opened = await open();
    const { target } = opened;
    const entries = [...plan.entries].reverse();
    const digests = await Promise.all(
      entries.map(async entry => {
        const writer = target.writer(entry);
        const bytes = contentOf(entry);
        const starts = Array.from({ length: Math.ceil(bytes.length / 70_000) }, (_, at) => at * 70_000);
        for (const at of starts.reverse()) await writer.write(bytes.subarray(at, at + 70_000), at);
        return writer.digest();
      }),
    );
    expect(digests).toEqual(entries.map(entry => digestOf(contentOf(entry))));
    await writeFraming(target, plan);
    await target.commit();
    expect(opened.bytes()?.equals(planned)).toBe(true);
  });
});

describe('a file', () => {
  it('has its final name only after the commit, and then alone', async () => {
    await using opened = await file();
    await writeBundle(opened.target, plan, { sourcesOf: () => [store] });
    expect(readdirSync(folder)).not.toContain('bundle.tar');
    await opened.target.commit();
    await opened[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toEqual(['bundle.tar']);
  });

  it('keeps the file that it would replace when it is not committed', async () => {
    writeFileSync(join(folder, 'bundle.tar'), 'old');
    {
      await using opened = await file();
      await writeBundle(opened.target, plan, { sourcesOf: () => [store] });
    }
    expect(readFileSync(join(folder, 'bundle.tar'), 'utf8')).toBe('old');
  });
});

describe('a file in parts', () => {
  const count = Math.ceil(plan.size / PART_SIZE);
  const names = Array.from({ length: count }, (_, part) => `bundle.tar.${String(part + 1).padStart(3, '0')}`);

  it('has parts of equal size and the rest in the last one, only after the commit, and then alone', async () => {
    await using opened = await parts();
    await writeBundle(opened.target, plan, { sourcesOf: () => [store] });
    expect(readdirSync(folder).filter(name => names.includes(name))).toEqual([]);
    await opened.target.commit();
    await opened[Symbol.asyncDispose]();
    expect(readdirSync(folder).sort()).toEqual(names);
    const sizes = names.map(name => readFileSync(join(folder, name)).length);
    expect(sizes.slice(0, -1).every(size => size === PART_SIZE)).toBe(true);
    expect(sizes.at(-1)).toBe(plan.size - (count - 1) * PART_SIZE);
  });

  it('replaces the parts of an older bundle, also those that it has more of', async () => {
    const older = [...names, `bundle.tar.${String(count + 1).padStart(3, '0')}`, 'bundle.tar.900'];
    for (const name of [...older, 'bundle.tar.note']) writeFileSync(join(folder, name), 'old');
    await using opened = await parts();
    await writeBundle(opened.target, plan, { sourcesOf: () => [store] });
    await opened.target.commit();
    await opened[Symbol.asyncDispose]();
    expect(readdirSync(folder).sort()).toEqual([...names, 'bundle.tar.note']);
    expect(opened.bytes()?.equals(planned)).toBe(true);
  });

  it.each<[string, number | undefined, number, number]>([
    ['resumes with the same size of parts', PART_SIZE, 5_000_000, 0],
    ['starts again with another size of parts, and keeps those that exist', 2 * PART_SIZE, 0, count],
  ])('%s', async (_case, partSize, resumed, previous) => {
    const [largest] = [...plan.entries].sort((a, b) => b.size - a.size);
    if (largest === undefined) throw new Error('no entry');
    {
      const target = await BundleFile.open(join(folder, 'bundle.tar'), plan, {
        signal: stopper.signal,
        partSize: PART_SIZE,
      });
      await writeFraming(target, plan);
      await (await writeBlob(target, largest)).digest();
      await target[Symbol.asyncDispose]();
    }
    const options = { signal: stopper.signal, partSize };
    await using target = await BundleFile.open(join(folder, 'bundle.tar'), plan, options);
    expect(target.resumed).toBe(resumed);
    expect(await target.names.existingPrevious()).toHaveLength(previous);
  });

  it('takes back the parts that a killed build had renamed', async () => {
    const options = { signal: stopper.signal, partSize: PART_SIZE };
    {
      const target = await BundleFile.open(join(folder, 'bundle.tar'), plan, options);
      for (const entry of plan.entries) await (await writeBlob(target, entry)).digest();
      await target[Symbol.asyncDispose]();
    }
    for (const name of names.slice(-2)) renameSync(join(folder, `${name}.partial`), join(folder, name));
    await using target = await BundleFile.open(join(folder, 'bundle.tar'), plan, options);
    expect(target.resumed).toBe(contents.reduce((sum, { length }) => sum + length, 0));
  });
});

describe('a stream', () => {
  it('waits while its reader does not read, and stops waiting when it is aborted', async () => {
    const out = new PassThrough({ highWaterMark: 1024 });
    const target = new StreamTarget(out, stopper.signal);
    const writing = target.write(Buffer.alloc(10_000));
    stopper.abort(new Error('enough'));
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    expect(out.writableEnded).toBe(false);
  });

  it('fails with the error of its stream', async () => {
    const out = new PassThrough();
    out.on('error', () => {});
    const target = new StreamTarget(out, stopper.signal);
    out.destroy(new Error('the reader is gone'));
    await new Promise(setImmediate);
    expect(() => target.write(Buffer.alloc(10))).toThrow('the reader is gone');
  });
});
