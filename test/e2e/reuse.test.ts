import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type AirgapEvent, build } from '@airgap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { sendBlob } from '../registry/response.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf, type TestLayer } from '../support/images/image.ts';

const base = noiseOf(1, 4_000_000);
const first = noiseOf(2, 3_000_000);
const second = noiseOf(3, 2_000_000);

let registry: TestRegistry;
let work: TempDir;

beforeEach(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [base, first], compression: 'none' }));
  registry.push('team/app:2', imageOf({ layers: [base, second], compression: 'none' }));
  work = new TempDir();
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

interface Run {
  readonly tag?: number;
  readonly output?: string;
  readonly reuse?: string[];
  readonly notices?: string[];
  readonly events?: AirgapEvent[];
}

function run({ tag = 1, output = 'bundle.tar', reuse, notices = [], events = [] }: Run = {}) {
  return build({
    specs: [{ file: 'list.txt', text: `registry.test/team/app:${tag}` }],
    output: work.file(output),
    mirrors: { 'registry.test': `http://${registry.host}` },
    reuse: reuse?.map(name => work.file(name)),
    onEvent: event => {
      events.push(event);
      if (event.type === 'notice') notices.push(event.message);
    },
  });
}

/** Whether a layer was requested from the registry. */
function wasRequested({ diffId }: TestLayer): boolean {
  return registry.seen.some(({ path }) => path.endsWith(diffId));
}

/** Makes a build fail at a layer after the others are downloaded. */
async function breakAt(layer: TestLayer, tag = 1): Promise<void> {
  registry.fault = ({ path }, response) => {
    if (!path.endsWith(layer.diffId)) return false;
    setTimeout(() => response.writeHead(403).end(), 300);
    return true;
  };
  await expect(run({ tag })).rejects.toMatchObject({ code: 'DENIED' });
  registry.fault = undefined;
  registry.seen.length = 0;
}

async function uninterrupted(tag: number): Promise<Buffer> {
  await run({ tag, output: 'uninterrupted.tar' });
  const bytes = readFileSync(work.file('uninterrupted.tar'));
  registry.seen.length = 0;
  return bytes;
}

function expectClean(): void {
  expect(work.files().filter(name => name.includes('partial'))).toEqual([]);
}

describe('the partial bundle of an interrupted build', () => {
  it('is resumed', async () => {
    const expected = await uninterrupted(1);
    await breakAt(first);
    const events: AirgapEvent[] = [];
    const { transferred } = await run({ events });
    expect(wasRequested(base)).toBe(false);
    const resumed = events.flatMap(event => (event.type === 'blob-resumed' ? event.received : []));
    expect(resumed.reduce((all, bytes) => all + bytes, 0)).toBe(transferred.resumed);
    expect(transferred.resumed).toBeGreaterThan(0);
    const bytes = transferred.downloaded + transferred.resumed;
    expect(events).toContainEqual(expect.objectContaining({ type: 'planned', bytes }));
    const types = events.map(({ type }) => type);
    expect(types.lastIndexOf('blob-resumed')).toBeLessThan(types.indexOf('blob-progress'));
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
    expectClean();
  });

  it('is a source of blobs for a different plan', async () => {
    const expected = await uninterrupted(2);
    await breakAt(first, 1);
    const events: AirgapEvent[] = [];
    const { transferred } = await run({ tag: 2, events });
    expect(transferred).toMatchObject({ reused: 0, resumed: base.bytes.length });
    expect(transferred.downloaded).toBe(second.bytes.length);
    const local = events.filter(({ type }) => type === 'blob-reused');
    expect(local).toMatchObject([{ digest: base.diffId, size: base.bytes.length }]);
    expect(wasRequested(base)).toBe(false);
    expect(wasRequested(second)).toBe(true);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
    expectClean();
  });

  it.each<[string, (partial: string) => void]>([
    ['changed bytes', partial => writeFileSync(partial, Buffer.alloc(200_000, 7), { flag: 'r+' })],
    ['a truncated file', partial => truncateSync(partial, 1_000_000)],
    ['a file that is not a journal', partial => writeFileSync(`${partial}.journal`, 'hello\n')],
    ['a journal truncated in its first line', partial => truncateSync(`${partial}.journal`, 10)],
    ['a journal truncated in a later line', partial => appendFileSync(`${partial}.journal`, '4 0 99999999')],
    [
      'a journal that claims too much',
      partial => appendFileSync(`${partial}.journal`, '6 0 3000000\n5 0 4000000\n'),
    ],
    [
      'a journal with invalid lines',
      partial => appendFileSync(`${partial}.journal`, '99 0 5\n-1 x y\n\0\0\0\n7 9 3\n'),
    ],
  ])('is not trusted: %s', async (_name, damage) => {
    const expected = await uninterrupted(1);
    await breakAt(first);
    damage(work.file('bundle.tar.partial'));
    await run();
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
    expectClean();
  });

  it('stays only if it contains blobs', async () => {
    registry.fault = ({ path }, response) => {
      if (!path.includes('/blobs/') || !(path.endsWith(base.diffId) || path.endsWith(first.diffId)))
        return false;
      response.writeHead(403).end();
      return true;
    };
    await expect(run()).rejects.toMatchObject({ code: 'DENIED' });
    expect(work.files()).toEqual([]);
  });
});

describe('a blob that proved wrong', () => {
  it('is fetched once by the next build, which does not read the wrong bytes', async () => {
    const expected = await uninterrupted(1);
    registry.fault = ({ path, range }, response, content) => {
      if (!path.endsWith(first.diffId) || !content) return false;
      const wrong = Buffer.from(content);
      wrong[1000] = (wrong[1000] ?? 0) ^ 1;
      sendBlob(response, wrong, range);
      return true;
    };
    await expect(run()).rejects.toMatchObject({ code: 'CONTENT' });
    registry.fault = undefined;
    registry.seen.length = 0;
    const messages: string[] = [];
    await run({ notices: messages });
    expect(registry.seen.filter(({ path }) => path.endsWith(first.diffId))).toHaveLength(1);
    expect(messages).toEqual([]);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
  });
});

describe('a second build of the same bundle', () => {
  it('is refused while the first is running', async () => {
    let second: Promise<unknown> | undefined;
    registry.fault = ({ path }) => {
      if (path.endsWith(first.diffId)) second ??= run().catch(error => error);
      return false;
    };
    await run();
    expect(await second).toMatchObject({
      code: 'DISK',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });

  it('takes over the lock of a dead process', async () => {
    const child = spawn('true');
    await new Promise(resolve => child.on('close', resolve));
    const { hostname } = await import('node:os');
    const holder = { pid: child.pid, host: hostname(), started: '1' };
    writeFileSync(work.file('bundle.tar.partial.lock'), JSON.stringify(holder));
    await run();
    expectClean();
  });

  it('takes over the lock of a process whose pid was reused', async () => {
    const { hostname } = await import('node:os');
    const holder = { pid: process.ppid, host: hostname(), started: '1' };
    writeFileSync(work.file('bundle.tar.partial.lock'), JSON.stringify(holder));
    await run();
    expectClean();
  });

  it('does not break the lock of a process on another host', async () => {
    const holder = { pid: 1, host: 'elsewhere', started: '1' };
    writeFileSync(work.file('bundle.tar.partial.lock'), JSON.stringify(holder));
    await expect(run()).rejects.toMatchObject({
      code: 'DISK',
      message: expect.stringContaining('on elsewhere'),
    });
    expect(existsSync(work.file('bundle.tar.partial.lock'))).toBe(true);
  });
});

describe('--reuse', () => {
  it('copies blobs from an older bundle', async () => {
    const expected = await uninterrupted(2);
    await run({ output: 'older.tar' });
    registry.seen.length = 0;
    await run({ tag: 2, reuse: ['older.tar'] });
    expect(wasRequested(base)).toBe(false);
    expect(wasRequested(second)).toBe(true);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
  });

  it('copies blobs from a layout directory', async () => {
    const blobs = work.file('layout/blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(`${blobs}/${base.diffId.slice(7)}`, base.bytes);
    await run({ reuse: ['layout'] });
    expect(wasRequested(base)).toBe(false);
  });

  it('downloads a damaged blob, and reports it', async () => {
    const expected = await uninterrupted(2);
    const blobs = work.file('layout/blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(`${blobs}/${base.diffId.slice(7)}`, Buffer.alloc(base.bytes.length));
    const notices: string[] = [];
    await run({ tag: 2, reuse: ['layout'], notices });
    expect(notices.join()).toMatch(
      new RegExp(
        `/layout: digest mismatch: expected ${base.diffId}, got sha256:[0-9a-f]{64}; trying the next source$`,
      ),
    );
    expect(wasRequested(base)).toBe(true);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
  });

  it('ignores a blob of a different size', async () => {
    const blobs = work.file('layout/blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(`${blobs}/${base.diffId.slice(7)}`, 'short');
    await run({ reuse: ['layout'] });
    expect(wasRequested(base)).toBe(true);
  });

  it.each([
    ['nothing.tar', 'no such file or directory'],
    ['empty', 'no such file or directory'],
    ['text.tar', 'not a tar file'],
  ])('refuses %s: %s', async (name, message) => {
    mkdirSync(work.file('empty'));
    writeFileSync(work.file('text.tar'), 'hello');
    await expect(run({ reuse: [name] })).rejects.toThrow(message);
  });
});
