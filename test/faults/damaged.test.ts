import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build, inspect, kots, load, serve, verify } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { layoutOf, withEntry } from '../support/bundle.ts';
import { imageOf, noiseOf, sha256, type TestFile, tarOf } from '../support/images/image.ts';

const layer = noiseOf(1, 20_000);
const app = imageOf({ layers: [layer], compression: 'none' });
const NAME = 'registry.test/team/app:1';

const work = new TempDir();
const bundle = work.file('damaged.tar');
let intact: Buffer;
let registry: TestRegistry;

beforeAll(async () => {
  registry = await TestRegistry.start();
  intact = await tarOf(layoutOf({ [NAME]: app }));
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

const VERBS = {
  load: () => load({ bundle, target: registry.host }),
  serve: () => serve({ bundles: [bundle], listen: { host: '127.0.0.1', port: 0 } }),
  inspect: () => inspect({ bundle }),
};

const DAMAGES: readonly (readonly [string, (tar: Buffer) => Buffer])[] = [
  ['is empty', () => Buffer.alloc(0)],
  ['is truncated in a header', tar => tar.subarray(0, 700)],
  ['is truncated in a blob', tar => tar.subarray(0, -10_000)],
  ['lacks the end-of-archive marker', tar => tar.subarray(0, -1024)],
  ['is compressed', tar => gzipSync(tar)],
  ['has a damaged header', tar => flip(tar, 1024 + 3)],
  ['has an index that is not JSON', tar => withEntry(tar, 'index.json', () => '{')],
  ['has an index without manifests', tar => withEntry(tar, 'index.json', () => '{}')],
  ['has a name without a digest', tar => withEntry(tar, 'index.json', text => text.replace('digest', 'x'))],
  [
    'has a layer instead of a manifest',
    tar => withEntry(tar, 'index.json', text => text.replace(app.digest, layer.diffId)),
  ],
];

function flip(tar: Buffer, at: number): Buffer {
  const flipped = Buffer.from(tar);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  return flipped;
}

describe.each(DAMAGES)('a bundle that %s', (_what, damage) => {
  it.each(Object.entries(VERBS))('is rejected by %s, which names the file', async (_verb, run) => {
    writeFileSync(bundle, damage(intact));
    await expect(run()).rejects.toMatchObject({ where: { path: bundle } });
  });

  it('is reported as a problem by verify, which names the file', async () => {
    writeFileSync(bundle, damage(intact));
    const { path, problems } = await verify({ bundle });
    expect([path, problems.length > 0]).toEqual([bundle, true]);
  });
});

it.each([
  ['load', VERBS.load],
  ['serve', VERBS.serve],
])('an invalid name is rejected by %s, which names the file', async (_verb, run) => {
  const damaged = withEntry(intact, 'index.json', text => text.replace('team', 'TEAM'));
  writeFileSync(bundle, damaged);
  await expect(run()).rejects.toMatchObject({
    message: expect.stringContaining('upper-case'),
    where: { path: bundle },
  });
});

const hex = (digest: string) => digest.slice('sha256:'.length);
const OTHER = `sha256:${'1'.repeat(64)}`;

describe.each<[string, string, () => Promise<Buffer>]>([
  ['a path that traverses upwards', 'unexpected entry', () => withMore({ name: '../../evil', content: 'x' })],
  ['an absolute path', 'unexpected entry', () => withMore({ name: '/etc/cron.d/evil', content: 'x' })],
  ['an additional file', 'unexpected entry', () => withMore({ name: 'readme.txt', content: 'x' })],
  [
    'a symlink instead of a blob',
    'a bundle contains only regular files',
    () => withMore({ name: `blobs/sha256/${hex(OTHER)}`, linkname: '/etc/passwd' }),
  ],
  [
    'a duplicate blob',
    'duplicate entry',
    () => withMore({ name: `blobs/sha256/${hex(layer.diffId)}`, content: layer.bytes }),
  ],
  [
    'a name with the digest of another manifest',
    `points to a different digest, ${app.digest}`,
    () => tarOf(layoutOf({ [`registry.test/team/app@${OTHER}`]: app })),
  ],
])('a bundle with %s', (_what, words, make) => {
  const message = expect.stringContaining(words);

  it.each([
    ['load', VERBS.load],
    ['serve', VERBS.serve],
  ])('is rejected by %s with the message of verify, before a push', async (_verb, run) => {
    registry.seen.length = 0;
    writeFileSync(bundle, await make());
    expect((await verify({ bundle })).problems).toContainEqual(expect.objectContaining({ message }));
    await expect(run()).rejects.toMatchObject({ code: 'BUNDLE', message, where: { path: bundle } });
    expect(registry.seen).toEqual([]);
  });
});

/** A bundle whose manifest or config is replaced, with the digests of what refers to it. */
async function withDocument(replaced: 'manifest' | 'config', content: string): Promise<Buffer> {
  const bytes = Buffer.from(content);
  const manifest = JSON.parse(app.bytes.toString());
  const config = { ...manifest.config, digest: sha256(bytes), size: bytes.length };
  const changed = replaced === 'manifest' ? bytes : Buffer.from(JSON.stringify({ ...manifest, config }));
  const image = { ...app, bytes: changed, digest: sha256(changed) };
  if (replaced === 'config') image.blobs = new Map([...app.blobs, [sha256(bytes), bytes]]);
  return tarOf(layoutOf({ [NAME]: image }));
}

/** The verbs that read manifests, and those that read configs. */
const MANIFEST_VERBS = {
  ...VERBS,
  kots: () => kots({ bundle, app: 'app', output: work.file('app.airgap') }),
  'build from it': () => fromLocal(),
};
const CONFIG_VERBS = { inspect: VERBS.inspect, 'build from it': () => fromLocal() };

function fromLocal() {
  const specs = [{ file: 'list.txt', text: NAME }];
  return build({ specs, from: [`oci-archive:${bundle}`], output: work.file('built.tar') });
}

describe.each([
  ['manifest', '<html>', 'the manifest is not JSON', MANIFEST_VERBS],
  ['manifest', '[]', 'the manifest violates the image specification', MANIFEST_VERBS],
  ['manifest', '{"schemaVersion":3}', 'the manifest violates the image specification', MANIFEST_VERBS],
  [
    'manifest',
    '{"schemaVersion":2,"config":5}',
    'the manifest violates the image specification',
    MANIFEST_VERBS,
  ],
  ['config', '<html>', 'the image config is not JSON', CONFIG_VERBS],
  ['config', '{"os":1}', 'the image config violates the image specification', CONFIG_VERBS],
] as const)('a bundle with the %s %s', (replaced, content, words, verbs) => {
  it.each(Object.entries(verbs))('is damaged for %s: no registry has sent it', async (_verb, run) => {
    writeFileSync(bundle, await withDocument(replaced, content));
    await expect(run()).rejects.toMatchObject({
      code: 'BUNDLE',
      message: expect.stringContaining(words),
      hint: 'Check it with airgap verify, and fetch it again.',
      where: { path: bundle },
    });
  });
});

function withMore(...more: readonly TestFile[]): Promise<Buffer> {
  return tarOf([...layoutOf({ [NAME]: app }), ...more]);
}
