import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import {
  artifactOf,
  type ImageOptions,
  imageOf,
  indexOf,
  noiseOf,
  type TestImage,
} from '../support/images/image.ts';

const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const base = noiseOf(1, 300_000);

/** An image that shares its first layer with all others. The output of gzip depends on the version of zlib: use none. */
function image(seed: number, options: Partial<ImageOptions> = {}): TestImage {
  return imageOf({ layers: [base, noiseOf(seed, 40_000)], compression: 'none', ...options });
}

const oci = image(2);
const pinned = image(4);
const multi = indexOf([image(5), image(6, { platform: ARM64 })]);
const multiDocker = indexOf(
  [image(7, { types: 'docker' }), image(8, { types: 'docker', platform: ARM64 })],
  'docker',
);
const sbom = artifactOf({ subject: oci, artifactType: 'application/vnd.test.sbom.v1+json' });

const IMAGES: Readonly<Record<string, TestImage>> = {
  'team/oci:1': oci,
  'team/schema2:1': image(3, { types: 'docker' }),
  'team/pinned:1': pinned,
  'team/both:1': pinned,
  'team/multi:1': multi,
  'team/multi-docker:1': multiDocker,
  'team/sbom:1': sbom,
};
const LIST = [
  'registry.test/team/oci:1',
  'registry.test/team/schema2:1',
  `registry.test/team/pinned@${pinned.digest}`,
  `registry.test/team/both:1@${pinned.digest}`,
  'registry.test/team/multi:1',
  'registry.test/team/multi-docker:1',
  'registry.test/team/sbom:1',
].join('\n');

const work = new TempDir();
let registry: TestRegistry;

beforeAll(async () => {
  registry = await TestRegistry.start();
  for (const [name, content] of Object.entries(IMAGES)) registry.push(name, content);
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

/** These digests change only when the format of the bundle changes on purpose. */
describe.each([1, 24])('the bundle of a fixed set of images, at concurrency %i', concurrency => {
  it.each([
    [
      'with all platforms',
      'all' as const,
      'f358f991c24f5431443b3561fb9ab977bff1df7a4c993c27ee1ad503ee37da84',
      'sha256:780f857d17fd920f4e13d8849b26a1001d34102b5626d7f2ab589c4ab84eec10',
      620_032,
    ],
    [
      'with the default platform',
      undefined,
      'e079e1a455387b8d7b007773c4a476aeb82fcbd059f64733b47e3fcd21ca3107',
      'sha256:7911d855d2f5849d56f77111e38c4990eac8b96b2b29d4015e88501a87f190f8',
      530_944,
    ],
  ])('has the same bytes in every version, %s', async (_name, platforms, sha256, digest, size) => {
    const output = work.file('golden.tar');
    const result = await build({
      specs: [{ file: 'list.txt', text: LIST }],
      output,
      platforms,
      concurrency,
      mirrors: { 'registry.test': `http://${registry.host}` },
    });
    expect(result).toMatchObject({ digest, size });
    expect(createHash('sha256').update(readFileSync(output)).digest('hex')).toBe(sha256);
  });
});

/** The keys of every kind of object in a JSON document, by its path, sorted. */
type KeyTable = Readonly<Record<string, string>>;

const FINDING_KEYS: KeyTable = {
  'findings[]': 'hint image message position related rule severity',
  'findings[].position': 'column file line',
};
const PLANNED_IMAGE_KEYS: KeyTable = {
  'images[]': 'bytes digest layers mediaType name platforms resolved subject uniqueBytes',
};
const CHANGED_LAYER_KEYS = 'digest mediaType shared size';
const AMOUNT_KEYS = 'blobs bytes';
const SIDE_KEYS = 'blobs bytes images path';

/** Scripts read these keys: to add one is compatible, to rename or remove one is not. */
const JSON_KEYS: Readonly<Record<'plan' | 'build' | 'inspect' | 'verify' | 'diff', KeyTable>> = {
  plan: {
    '': 'blobBytes blobs bundleSize findings images sharedBytes signatures',
    ...FINDING_KEYS,
    ...PLANNED_IMAGE_KEYS,
  },
  build: {
    '': 'blobBytes blobs bundleSize digest elapsed findings images path sharedBytes signatures size transferred',
    transferred: 'downloaded resumed reused written',
    ...FINDING_KEYS,
    ...PLANNED_IMAGE_KEYS,
  },
  inspect: {
    '': 'blobBytes blobs digest form images path sharedBytes signatures size',
    'images[]': 'bytes digest layers mediaType name platforms subject uniqueBytes',
    'images[].layers[]': 'digest mediaType sharedBy size',
  },
  verify: {
    '': 'blobs bytes digest form images path problems signatures',
    'problems[]': 'entry message offset',
  },
  diff: {
    '': 'added changed differs new old onlyNew onlyOld removed shared unchanged',
    'added[]': 'bytes digest name newBytes oldName platforms',
    'changed[]': 'addedLayers bytes name newBytes newDigest oldBytes oldDigest platforms removedLayers',
    'changed[].addedLayers[]': CHANGED_LAYER_KEYS,
    'changed[].platforms[]': 'newDigest oldDigest platform',
    'changed[].removedLayers[]': CHANGED_LAYER_KEYS,
    new: SIDE_KEYS,
    old: SIDE_KEYS,
    onlyNew: AMOUNT_KEYS,
    onlyOld: AMOUNT_KEYS,
    'removed[]': 'bytes digest name newName oldBytes platforms subject',
    shared: AMOUNT_KEYS,
  },
};

describe('the keys that --json prints for', () => {
  const files = new TempDir({
    'list.txt': `${LIST}\nregistry.test/team/moving\n`,
    'next.txt': 'registry.test/team/oci:1\nregistry.test/team/other:1\nregistry.test/team/multi:1\n',
  });
  const mirror = () => ['--mirror', `registry.test=http://${registry.host}`];

  beforeAll(async () => {
    // The referrers tag schema: this registry has no referrers API.
    registry.push(`team/oci:${oci.digest.replace(':', '-')}`, indexOf([sbom]));
    registry.push('team/moving:latest', oci);
    await airgap(['build', 'list.txt', '-o', 'old.tar', ...mirror()], { cwd: files.path });
    registry.push('team/oci:1', pinned);
    registry.push('team/other:1', pinned);
    registry.push('team/multi:1', indexOf([image(5), image(9, { platform: ARM64 })]));
    const args = ['build', 'next.txt', '-o', 'new.tar', '--platform', 'all', ...mirror()];
    await airgap(args, { cwd: files.path });
    for (const name of ['team/oci:1', 'team/multi:1']) registry.push(name, IMAGES[name] as TestImage);
    const damaged = readFileSync(files.file('old.tar'));
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 5000) ^ 1, damaged.length - 5000);
    writeFileSync(files.file('damaged.tar'), damaged);
  });
  afterAll(() => files[Symbol.dispose]());

  it.each<[keyof typeof JSON_KEYS, readonly string[], () => readonly string[]]>([
    ['plan', ['list.txt', '--referrers'], mirror],
    ['build', ['list.txt', '--referrers', '-o', 'bundle.tar'], mirror],
    ['inspect', ['old.tar'], () => []],
    ['verify', ['damaged.tar'], () => []],
    ['diff', ['old.tar', 'new.tar'], () => []],
  ])('%s', async (verb, args, flags) => {
    const { stdout } = await airgap([verb, ...args, ...flags(), '--json'], { cwd: files.path });
    expect(keyTable(JSON.parse(String(stdout)))).toEqual(JSON_KEYS[verb]);
  });
});

function keyTable(document: unknown): KeyTable {
  const table = new Map<string, Set<string>>();
  addKeys(table, '', document);
  return Object.fromEntries([...table].map(([path, keys]) => [path, [...keys].sort().join(' ')]));
}

function addKeys(table: Map<string, Set<string>>, path: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) addKeys(table, `${path}[]`, item);
    return;
  }
  const keys = table.get(path) ?? new Set();
  table.set(path, keys);
  for (const [key, content] of Object.entries(value)) {
    keys.add(key);
    addKeys(table, path === '' ? key : `${path}.${key}`, content);
  }
}
