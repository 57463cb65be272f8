import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { build } from '@airgap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TempDir } from './airgap.ts';
import { imageOf, noiseOf, type TestLayer } from './images/image.ts';
import { TestRegistry } from './registry/registry.ts';

const base = noiseOf(1, 4_000_000);
const old = noiseOf(2, 3_000_000);
const fresh = noiseOf(3, 2_000_000);

let registry: TestRegistry;
let work: TempDir;

beforeEach(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [base, old], compression: 'none' }));
  registry.push('team/app:2', imageOf({ layers: [base, fresh], compression: 'none' }));
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
}

function run({ tag = 1, output = 'bundle.tar', reuse, notices = [] }: Run = {}) {
  return build({
    specs: [{ file: 'list.txt', text: `registry.test/team/app:${tag}` }],
    output: work.file(output),
    mirrors: { 'registry.test': `http://${registry.host}` },
    reuse: reuse?.map(name => work.file(name)),
    onEvent: event => {
      if (event.type === 'notice') notices.push(event.message);
    },
  });
}

/** Whether a layer was asked for. */
function asked({ diffId }: TestLayer): boolean {
  return registry.seen.some(({ path }) => path.endsWith(diffId));
}

/** Lets a build break at a layer once the others have arrived. */
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

async function whole(tag: number): Promise<Buffer> {
  await run({ tag, output: 'whole.tar' });
  const bytes = readFileSync(work.file('whole.tar'));
  registry.seen.length = 0;
  return bytes;
}

function expectClean(): void {
  expect(work.files().filter(name => name.includes('partial'))).toEqual([]);
}

describe('what an interrupted build has left', () => {
  it('is gone on with', async () => {
    const expected = await whole(1);
    await breakAt(old);
    await run();
    expect(asked(base)).toBe(false);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
    expectClean();
  });

  it('serves a plan that has changed', async () => {
    const expected = await whole(2);
    await breakAt(old, 1);
    await run({ tag: 2 });
    expect(asked(base)).toBe(false);
    expect(asked(fresh)).toBe(true);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
    expectClean();
  });

  it.each<[string, (partial: string) => void]>([
    ['bytes that changed', partial => writeFileSync(partial, Buffer.alloc(200_000, 7), { flag: 'r+' })],
    ['a file that was cut', partial => truncateSync(partial, 1_000_000)],
    ['a journal of something else', partial => writeFileSync(`${partial}.journal`, 'hello\n')],
    ['a journal cut in its first line', partial => truncateSync(`${partial}.journal`, 10)],
    ['a journal cut in a line', partial => appendFileSync(`${partial}.journal`, '4 0 99999999')],
    [
      'a journal that promises too much',
      partial => appendFileSync(`${partial}.journal`, '6 0 3000000\n5 0 4000000\n'),
    ],
    [
      'a journal with nonsense in it',
      partial => appendFileSync(`${partial}.journal`, '99 0 5\n-1 x y\n\0\0\0\n7 9 3\n'),
    ],
  ])('is not trusted: %s', async (_name, damage) => {
    const expected = await whole(1);
    await breakAt(old);
    damage(work.file('bundle.tar.partial'));
    await run();
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
    expectClean();
  });

  it('is kept only if it holds anything', async () => {
    registry.fault = ({ path }, response) => {
      if (!path.includes('/blobs/') || !(path.endsWith(base.diffId) || path.endsWith(old.diffId)))
        return false;
      response.writeHead(403).end();
      return true;
    };
    await expect(run()).rejects.toMatchObject({ code: 'DENIED' });
    expect(work.files()).toEqual([]);
  });
});

describe('a second build of the same bundle', () => {
  it('is refused while the first lives', async () => {
    let second: Promise<unknown> | undefined;
    registry.fault = ({ path }) => {
      if (path.endsWith(old.diffId)) second ??= run().catch(error => error);
      return false;
    };
    await run();
    expect(await second).toMatchObject({
      code: 'DISK',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });

  it('takes over from a process that has died', async () => {
    const child = spawn('true');
    await new Promise(resolve => child.on('close', resolve));
    const { hostname } = await import('node:os');
    const holder = { pid: child.pid, host: hostname(), started: '1' };
    writeFileSync(work.file('bundle.tar.partial.lock'), JSON.stringify(holder));
    await run();
    expectClean();
  });

  it('takes over from a process whose number another one has now', async () => {
    const { hostname } = await import('node:os');
    const holder = { pid: process.ppid, host: hostname(), started: '1' };
    writeFileSync(work.file('bundle.tar.partial.lock'), JSON.stringify(holder));
    await run();
    expectClean();
  });

  it('does not judge a process of another machine', async () => {
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
  it('copies what an older bundle has', async () => {
    const expected = await whole(2);
    await run({ output: 'older.tar' });
    registry.seen.length = 0;
    await run({ tag: 2, reuse: ['older.tar'] });
    expect(asked(base)).toBe(false);
    expect(asked(fresh)).toBe(true);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
  });

  it('copies what a layout directory has', async () => {
    const blobs = work.file('layout/blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(`${blobs}/${base.diffId.slice(7)}`, base.bytes);
    await run({ reuse: ['layout'] });
    expect(asked(base)).toBe(false);
  });

  it('downloads what is damaged there, and says so', async () => {
    const expected = await whole(2);
    const blobs = work.file('layout/blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(`${blobs}/${base.diffId.slice(7)}`, Buffer.alloc(base.bytes.length));
    const notices: string[] = [];
    await run({ tag: 2, reuse: ['layout'], notices });
    expect(notices.join()).toContain(base.diffId);
    expect(asked(base)).toBe(true);
    expect(readFileSync(work.file('bundle.tar')).equals(expected)).toBe(true);
  });

  it('passes over what has another size', async () => {
    const blobs = work.file('layout/blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(`${blobs}/${base.diffId.slice(7)}`, 'short');
    await run({ reuse: ['layout'] });
    expect(asked(base)).toBe(true);
  });

  it.each([
    ['nothing.tar', 'there is no such file'],
    ['empty', 'there is no such file'],
    ['text.tar', 'the file is no tar'],
  ])('refuses %s: %s', async (name, message) => {
    mkdirSync(work.file('empty'));
    writeFileSync(work.file('text.tar'), 'hello');
    await expect(run({ reuse: [name] })).rejects.toThrow(message);
  });
});
