import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {
  build,
  delta,
  diff,
  inspect,
  join,
  load,
  merge,
  type Problem,
  serve,
  split,
  verify,
} from '@airgap/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exitStatus } from '../../packages/cli/src/exit-status.ts';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { withEntry } from '../support/bundle.ts';
import { imageOf, noiseOf, type TestImage } from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { lacks } from '../support/programs/program.ts';

const MB = 1_000_000;
const PART = '1MiB';

/** Layers of both releases, the one that changes, and its successor. */
const shared = noiseOf(1, 1.5 * MB);
const other = noiseOf(2, 2.2 * MB);
const before = noiseOf(3, 1.3 * MB);
const after = noiseOf(4, 1.7 * MB);
const image = (...layers: (typeof shared)[]) => imageOf({ layers, compression: 'none' });

const work = new TempDir();
const files = {
  old: work.file('app-1.0.tar'),
  new: work.file('app-1.1.tar'),
  delta: work.file('app-1.1.delta.tar'),
  /** A bundle that lacks a layer which the delta leaves out. */
  stranger: work.file('app-0.9.tar'),
};

beforeAll(async () => {
  await buildRelease(files.old, { 'team/app:1': image(shared, before), 'team/other:1': image(other) });
  await buildRelease(files.new, { 'team/app:1': image(shared, after), 'team/other:1': image(other) });
  await buildRelease(files.stranger, { 'team/app:1': image(shared) });
  await delta({ bases: [files.old], new: files.new, output: files.delta });
});
afterAll(() => work[Symbol.dispose]());

async function buildRelease(output: string, images: Record<string, TestImage>): Promise<void> {
  await using registry = await TestRegistry.start();
  for (const [name, pushed] of Object.entries(images)) registry.push(name, pushed);
  const text = Object.keys(images).map(name => `registry.test/${name}\n`);
  const mirrors = { 'registry.test': `http://${registry.host}` };
  await build({ specs: [{ file: 'list.txt', text: text.join('') }], output, mirrors });
}

/** What a verb did: its exit status, and the messages of its error or its problems. */
interface Result {
  readonly status: number;
  readonly text: string;
}

async function run(action: () => Promise<Result | undefined>): Promise<Result> {
  try {
    return (await action()) ?? { status: 0, text: '' };
  } catch (error) {
    const details = (error as { details?: readonly Error[] }).details ?? [];
    return {
      status: exitStatus(error),
      text: [error as Error, ...details].map(({ message }) => message).join('\n'),
    };
  }
}

function problemsOf({ problems }: { readonly problems: readonly Problem[] }): Result {
  const text = problems.map(({ message }) => message).join('\n');
  return { status: problems.length > 0 ? 1 : 0, text };
}

/** The bundle in one of its forms, in its own folder. */
interface Subject {
  readonly folder: TempDir;
  readonly path: string;
  readonly base: readonly string[] | undefined;
}

const isMissing = lacks('loads of parts and deltas', 'docker-registry');
let registry: Distribution;
let prefix = 0;

beforeAll(async () => {
  if (!isMissing) registry = await Distribution.start(work.path);
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

/** The verbs, each with one bundle. */
const VERBS = {
  verify: ({ path: bundle, base }: Subject) => run(async () => problemsOf(await verify({ bundle, base }))),
  inspect: ({ path: bundle, base }: Subject) =>
    run(async () => {
      const { images } = await inspect({ bundle, base });
      expect(images.map(({ name }) => name)).toEqual([
        'registry.test/team/app:1',
        'registry.test/team/other:1',
      ]);
      return undefined;
    }),
  diff: ({ path, base }: Subject) =>
    run(async () => {
      const { differs, onlyNew } = await diff({ old: files.new, new: path, base });
      expect(onlyNew).toEqual({ blobs: 0, bytes: 0 });
      return { status: differs ? 1 : 0, text: '' };
    }),
  load: ({ path: bundle, base }: Subject) =>
    run(async () => {
      prefix += 1;
      const target = `${registry.host}/load-${prefix}`;
      const loaded = await run(() =>
        load({ bundle, target, base, plainHttp: [registry.host] }).then(() => undefined),
      );
      const pushed = await fetch(`http://${registry.host}/v2/load-${prefix}/team/app/tags/list`);
      // A failed load leaves no tag.
      const { tags = null } = (await pushed.json()) as { tags?: unknown };
      expect(tags !== null).toBe(loaded.status === 0);
      return loaded;
    }),
  serve: ({ path, base }: Subject) =>
    run(async () => {
      await using serving = await serve({ bundles: [path], base, listen: { host: '127.0.0.1', port: 0 } });
      for (const { diffId } of [shared, other, after]) {
        const blob = await fetch(`${serving.url}/v2/registry.test/team/app/blobs/${diffId}`);
        const name = blob.ok ? 'app' : 'other';
        const bytes = await fetch(`${serving.url}/v2/registry.test/team/${name}/blobs/${diffId}`)
          .then(response => response.arrayBuffer())
          .catch(() => undefined);
        await blob.body?.cancel().catch(() => {});
        if (bytes === undefined) return { status: 0, text: 'a blob is aborted' };
      }
      return undefined;
    }),
  /** The way back to one file, or to parts. */
  rewrite: (subject: Subject) =>
    run(async () => {
      await rewrite(subject);
      return undefined;
    }),
};

/** Joins, merges or splits. What comes out is the bundle of the new release. */
async function rewrite({ folder, path, base }: Subject): Promise<void> {
  const output = folder.file('rewritten.tar');
  if (path.includes('delta')) await merge({ bases: base ?? [files.stranger], delta: path, output });
  else if (path.endsWith('.001')) await join({ part: path, output });
  else await split({ bundle: path, output, split: PART });
  const names = readdirSync(folder.path).filter(name => name.startsWith('rewritten.tar'));
  const bytes = Buffer.concat(names.sort().map(name => readFileSync(folder.file(name))));
  expect(bytes.equals(readFileSync(files.new))).toBe(true);
}

const FORMS: Record<string, (folder: TempDir) => Promise<Subject>> = {
  file: async folder => {
    copyFileSync(files.new, folder.file('app.tar'));
    return { folder, path: folder.file('app.tar'), base: undefined };
  },
  parts: async folder => {
    await split({ bundle: files.new, output: folder.file('app.tar'), split: PART });
    return { folder, path: folder.file('app.tar.001'), base: undefined };
  },
  delta: async folder => {
    copyFileSync(files.delta, folder.file('app.delta.tar'));
    return { folder, path: folder.file('app.delta.tar'), base: [files.old] };
  },
  'delta in parts': async folder => {
    await split({ bundle: files.delta, output: folder.file('app.delta.tar'), split: PART });
    return { folder, path: folder.file('app.delta.tar.001'), base: [files.old] };
  },
};

/** The parts of a subject, or its file. */
function storedIn({ folder }: Subject): string[] {
  return readdirSync(folder.path)
    .map(name => folder.file(name))
    .sort();
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** What happens to a subject. @returns it, with what changed */
type Damage = (subject: Subject) => Subject;

const DAMAGES: Record<string, Damage> = {
  nothing: subject => subject,
  'a flipped byte': subject => {
    const last = storedIn(subject).at(-1) ?? '';
    flip(last, readFileSync(last).length - 5000);
    return subject;
  },
  'a truncated file': subject => {
    const last = storedIn(subject).at(-1) ?? '';
    truncateSync(last, readFileSync(last).length - 20_000);
    return subject;
  },
  'a truncated first part': subject => {
    truncateSync(subject.path, 600_000);
    return subject;
  },
  'a missing part': subject => {
    rmSync(storedIn(subject)[1] ?? '');
    return subject;
  },
  'swapped parts': subject => {
    const stored = storedIn(subject);
    const [first = '', second = ''] = stored.slice(-2);
    renameSync(first, `${first}.swap`);
    renameSync(second, first);
    renameSync(`${first}.swap`, second);
    return subject;
  },
  'a part of another bundle': subject => {
    const last = storedIn(subject).at(-1) ?? '';
    writeFileSync(last, noiseOf(9, readFileSync(last).length).bytes);
    return subject;
  },
  'a part of another bundle inside a layer': subject => {
    const inside = storedIn(subject).at(-2) ?? '';
    writeFileSync(inside, noiseOf(9, readFileSync(inside).length).bytes);
    return subject;
  },
  'no base': subject => ({ ...subject, base: undefined }),
  'a wrong base': subject => ({ ...subject, base: [files.stranger] }),
  'a changed recipe': subject => {
    const stored = storedIn(subject);
    const tar = Buffer.concat(stored.map(path => readFileSync(path)));
    const changed = withEntry(tar, 'airgap-delta.json', text =>
      text.replace(/"missing":\[{"digest":"sha256:./, '$&').replace(/"size":2200000/, '"size":2200001'),
    );
    for (const path of stored) rmSync(path);
    writeFileSync(subject.path, changed);
    return subject;
  },
  'a damaged base': subject => {
    const base = subject.folder.file('base');
    copyFileSync(files.old, base);
    const bytes = readFileSync(base);
    flip(base, bytes.indexOf(shared.bytes.subarray(0, 4096)) + 700_000);
    return { ...subject, base: [base] };
  },
};

type Verb = keyof typeof VERBS;
type Expected = Readonly<Record<Verb, readonly [status: number, text?: string | RegExp]>>;

const FINE: Expected = { verify: [0], inspect: [0], diff: [0], load: [0], serve: [0], rewrite: [0] };
/** A layer with wrong bytes is found by those who read it. */
const WRONG_LAYER: Expected = {
  ...FINE,
  verify: [1, 'digest mismatch'],
  load: [4, 'digest mismatch'],
  serve: [0, 'a blob is aborted'],
  rewrite: [4, 'digest mismatch'],
};
/** The tar cannot be read at all. */
const unreadable = (text: string | RegExp): Expected => ({
  verify: [1, text],
  inspect: [1, text],
  diff: [2, text],
  load: [1, text],
  serve: [1, text],
  rewrite: [1, text],
});
const withoutBase = (text: string | RegExp, merged: string | RegExp): Expected => ({
  ...FINE,
  verify: [1, text],
  load: [2, /is a delta: 2 layers \(3\.7 MB\) are not in it, and 127\.0\.0\.1:\d+ does not have them/],
  serve: [2, /is a delta: 2 layers \(3\.7 MB\) are not in it/],
  rewrite: [2, merged],
});

const MATRIX: readonly (readonly [form: string, damage: string, expected: Expected])[] = [
  ['file', 'nothing', FINE],
  ['file', 'a flipped byte', WRONG_LAYER],
  ['file', 'a truncated file', unreadable('truncated tar')],
  ['parts', 'nothing', FINE],
  ['parts', 'a flipped byte', WRONG_LAYER],
  [
    'parts',
    'a truncated file',
    unreadable(/app\.tar\.006 has \d+ bytes of \d+: it was not copied completely/),
  ],
  [
    'parts',
    'a truncated first part',
    unreadable('app.tar.001 has 600000 bytes of 1048576: it was not copied completely'),
  ],
  [
    'parts',
    'a missing part',
    unreadable(
      /app\.tar\.002 is missing: the bundle has 6 parts of 1\.0 MB \(5\.4 MB\); here are 1, 3, 4, 5, 6/,
    ),
  ],
  ['parts', 'swapped parts', unreadable('app.tar.005 is part 6 and app.tar.006 is part 5: rename them')],
  [
    'parts',
    'a part of another bundle',
    unreadable('app.tar.006 is of another bundle: its headers are not those that app.tar.001 leads to'),
  ],
  ['parts', 'a part of another bundle inside a layer', WRONG_LAYER],
  ['delta', 'nothing', FINE],
  ['delta', 'a flipped byte', WRONG_LAYER],
  ['delta', 'a truncated file', unreadable('truncated tar')],
  [
    'delta',
    'no base',
    withoutBase('incomplete: 2 layers (3.7 MB) expected from the base', 'lacks 1 layer (2.2 MB)'),
  ],
  [
    'delta',
    'a wrong base',
    {
      ...withoutBase('incomplete: 1 layer (2.2 MB) expected from the base', 'lacks 1 layer (2.2 MB)'),
      load: [2, 'is a delta: 1 layer (2.2 MB) is not in it'],
      serve: [2, 'is a delta: 1 layer (2.2 MB) is not in it'],
    },
  ],
  ['delta', 'a changed recipe', unreadable('airgap-delta.json: the missing blob')],
  ['delta', 'a damaged base', WRONG_LAYER],
  ['delta in parts', 'nothing', FINE],
  ['delta in parts', 'a flipped byte', WRONG_LAYER],
  [
    'delta in parts',
    'a truncated file',
    unreadable(/app\.delta\.tar\.002 has \d+ bytes of \d+: it was not copied completely/),
  ],
  [
    'delta in parts',
    'a truncated first part',
    unreadable('app.delta.tar.001 has 600000 bytes of 1048576: it was not copied completely'),
  ],
  [
    'delta in parts',
    'a missing part',
    unreadable('app.delta.tar.002 is missing: the bundle has 2 parts of 1.0 MB'),
  ],
  [
    'delta in parts',
    'no base',
    withoutBase('incomplete: 2 layers (3.7 MB) expected from the base', 'lacks 1 layer (2.2 MB)'),
  ],
  ['delta in parts', 'a damaged base', WRONG_LAYER],
];

describe.skipIf(isMissing)('a bundle in every form', () => {
  let folder: TempDir;
  beforeEach(() => {
    folder = new TempDir();
  });
  afterEach(() => folder[Symbol.dispose]());

  const cells = MATRIX.flatMap(([form, damage, expected]) =>
    Object.entries(expected).map(
      ([verb, [status, text = '']]) => [verb as Verb, form, damage, status, text] as const,
    ),
  );

  it.each(cells)('%s of %s with %s: exit status %i, %s', async (verb, form, damage, status, text) => {
    const made = await FORMS[form]?.(folder);
    if (made === undefined) throw new Error(`no form ${form}`);
    const subject = DAMAGES[damage]?.(made) ?? made;
    const result = await VERBS[verb](subject);
    expect(result).toEqual({
      status,
      text: typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text),
    });
  });
});
