import { readFileSync } from 'node:fs';
import { type AirgapError, type BuildOptions, build, lint } from '@airgap/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { entriesOf } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf, sha256, type TestImage } from '../support/images/image.ts';

type Platform = NonNullable<TestImage['platform']>;

const layer = noiseOf(1, 2000);
/** An image for `os/arch[/variant][:osversion]`; each has its own config. */
function imageFor(text: string, types: 'oci' | 'docker' = 'oci'): TestImage {
  const [name = '', version] = text.split(':');
  const [os = '', architecture = '', variant] = name.split('/');
  const platform = {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { 'os.version': version }),
  } as Platform;
  return imageOf({ layers: [layer], platform, types, compression: types === 'oci' ? 'none' : 'gzip' });
}
/** The image with another manifest. */
function edited(image: TestImage, change: (manifest: Document) => unknown): TestImage {
  const manifest = JSON.parse(image.bytes.toString());
  change(manifest);
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { ...image, bytes, digest: sha256(bytes), mediaType: manifest.mediaType || image.mediaType };
}
/** The parts of manifests and indexes that tests change. */
interface Document {
  [field: string]: unknown;
  config: Record<string, unknown>;
  layers: Record<string, unknown>[];
  manifests: Record<string, unknown>[];
}
const amd64 = imageFor('linux/amd64');
const arm64 = imageFor('linux/arm64');
const attestation = {
  ...imageFor('unknown/unknown'),
  annotations: { 'vnd.docker.reference.digest': amd64.digest },
};
const attested = indexOf([amd64, arm64, attestation]);

let registry: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start();
  return () => registry[Symbol.asyncDispose]();
});

interface Built {
  readonly root: { readonly digest: string; readonly mediaType: string };
  readonly entries: ReadonlyMap<string, Buffer>;
  /** The digest of the config in `manifest.json`. */
  readonly config: string | undefined;
  readonly notices: readonly string[];
}

/** Builds a bundle of `team/app:1`, or of its digest. */
async function built(image: TestImage, options: Partial<BuildOptions> = {}, pinned = false): Promise<Built> {
  registry.push('team/app:1', image);
  using temp = new TempDir();
  const output = temp.file('bundle.tar');
  const notices: string[] = [];
  const text = `${registry.host}/team/app${pinned ? `@${image.digest}` : ':1'}\n`;
  await build({
    specs: [{ file: 'list', text }],
    output,
    ...options,
    onEvent: event => {
      if (event.type === 'notice') notices.push(event.message);
    },
  });
  const contents = entriesOf(readFileSync(output)).map(({ name, blocks }): [string, Buffer] => [
    name,
    blocks.subarray(512, 512 + Number.parseInt(blocks.toString('latin1', 124, 135), 8)),
  ]);
  const entries = new Map(contents);
  const json = (name: string) => JSON.parse(String(entries.get(name)));
  const config = json('manifest.json')[0]?.Config?.replace('blobs/sha256/', 'sha256:');
  return { root: json('index.json').manifests[0], entries, config, notices };
}

async function rejection(promise: Promise<unknown>): Promise<AirgapError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    thrown => thrown,
  );
  return error as AirgapError;
}

/** Answers requests for the manifests of these images with a status. */
const refusing =
  (status: number, ...images: readonly TestImage[]): Fault =>
  ({ path }, response) => {
    if (!images.some(({ digest }) => path.endsWith(`/manifests/${digest}`))) return false;
    sendError(response, status, 'MANIFEST_UNKNOWN', 'deleted');
    return true;
  };
const configOf = (image: TestImage): string => JSON.parse(image.bytes.toString()).config.digest;
const hasBlob = ({ entries }: Built, digest: string) => entries.has(`blobs/sha256/${digest.slice(7)}`);

describe('row 1: an image of Docker schema 2 with the config type', () => {
  it.each([
    'application/octet-stream',
    'application/json',
    'application/json; charset=utf-8',
    'text/html',
    'text/html; charset=utf-8',
    'text/plain',
    '',
    null,
    undefined,
  ])('%j is an image', async mediaType => {
    const old = edited(imageFor('linux/amd64', 'docker'), ({ config }) => {
      config.mediaType = mediaType;
    });
    const result = await built(old);
    expect(result.root.digest).toBe(old.digest);
    expect(result.config).toBe(configOf(old));
    const error = await rejection(built(old, { platforms: ['linux/s390x'] }));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: 'the image has no linux/s390x; it has linux/amd64',
    });
    const { findings } = await lint({
      specs: [{ file: 'list', text: `${registry.host}/team/app:1\n` }],
      online: {},
    });
    expect(findings).toMatchObject([
      { rule: 'old-config-type', severity: 'info', hint: expect.stringContaining('again') },
    ]);
  });

  it.each(['application/vnd.docker.plugin.v1+json', 'application/vnd.cncf.helm.config.v1+json'])(
    '%s is an artifact',
    async mediaType => {
      const artifact = edited(imageFor('linux/arm64', 'docker'), ({ config }) => {
        config.mediaType = mediaType;
      });
      expect(await built(artifact)).toMatchObject({ root: { digest: artifact.digest }, config: undefined });
    },
  );
});

describe('row 2: a child that was deleted from an index', () => {
  it.each([404, 401, 403])('an attestation, %i, under a tag', async status => {
    registry.fault = refusing(status, attestation);
    const result = await built(attested, { platforms: ['linux/amd64', 'linux/arm64'] });
    expect(result.root.digest).not.toBe(attested.digest);
    const index = JSON.parse(String(result.entries.get(`blobs/sha256/${result.root.digest.slice(7)}`)));
    expect(index.manifests.map(({ digest }: { digest: string }) => digest)).toEqual([
      amd64.digest,
      arm64.digest,
    ]);
    expect(result.notices.join()).toMatch(
      new RegExp(`lacks its attestation ${attestation.digest}.*${status}`),
    );
  });

  it('an attestation, with the only platform', async () => {
    registry.fault = refusing(404, attestation);
    const result = await built(indexOf([attestation, amd64]));
    expect(result.root.digest).toBe(amd64.digest);
    expect(result.notices).toHaveLength(1);
  });

  it('an attestation, with all platforms', async () => {
    registry.fault = refusing(404, attestation);
    const result = await built(attested, { platforms: 'all' });
    expect([amd64, arm64].every(({ digest }) => hasBlob(result, digest))).toBe(true);
    expect(hasBlob(result, attested.digest)).toBe(false);
  });

  it.each([404, 401, 403])('a platform that was not selected, %i', async status => {
    registry.fault = refusing(status, arm64, attestation);
    const result = await built(attested);
    expect(result.root.digest).toBe(amd64.digest);
    expect(result.notices).toEqual([]);
  });

  it.each<[string, TestImage, string]>([
    ['a platform', arm64, 'linux/arm64'],
    ['an attestation', attestation, 'an attestation'],
  ])('%s, of an index that is pinned by digest', async (_name, missing, what) => {
    registry.fault = refusing(404, missing);
    const error = await rejection(built(attested, {}, true));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.message).toContain(
      `the index ${attested.digest} lacks its child ${missing.digest} (${what})`,
    );
    expect(error.hint).toContain(`${registry.host}/team/app@${amd64.digest} for linux/amd64`);
  });

  it.each([401, 403])('of an index that is pinned by digest, %i', async status => {
    registry.fault = refusing(status, amd64);
    const error = await rejection(built(attested, {}, true));
    expect(error).toMatchObject({ code: 'DENIED', where: { digest: amd64.digest, platform: 'linux/amd64' } });
    expect(error.hint).toContain(`team/app@${arm64.digest} for linux/arm64`);
  });

  it('the selected platform', async () => {
    registry.fault = refusing(404, amd64);
    const error = await rejection(built(attested));
    expect(error).toMatchObject({ code: 'NOT_FOUND', where: { platform: 'linux/amd64' } });
    expect(error.message).toContain(`lacks its child ${amd64.digest} (linux/amd64)`);
    expect(error.hint).toContain('--platform linux/arm64');
  });

  it('other errors are not taken for a deleted child', async () => {
    registry.fault = refusing(451, attestation);
    expect(await rejection(built(attested, { platforms: ['linux/amd64', 'linux/arm64'] }))).toMatchObject({
      code: 'REGISTRY',
    });
  });
});

describe('rows 3 and 4: of an index', () => {
  const v1 = 'windows/amd64:10.0.17763.5122';
  const v2 = 'windows/amd64:10.0.20348.2113';
  it.each<[string[], string[], string[]]>([
    [['linux/amd64'], ['linux/amd64/v2', 'linux/amd64'], ['linux/amd64']],
    [['linux/amd64/v1'], ['linux/amd64/v3', 'linux/amd64'], ['linux/amd64']],
    [['linux/amd64/v3'], ['linux/amd64', 'linux/amd64/v4', 'linux/amd64/v2'], ['linux/amd64/v2']],
    [['linux/arm'], ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7'], ['linux/arm/v7']],
    [['linux/arm/v6'], ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7'], ['linux/arm/v6']],
    [['linux/arm/v7'], ['linux/arm/v5', 'linux/arm/v8', 'linux/arm/v6'], ['linux/arm/v6']],
    [['linux/arm64'], ['linux/arm64/v8', 'linux/arm/v7'], ['linux/arm64/v8']],
    [['linux/arm64/v8'], ['linux/arm/v7', 'linux/arm64'], ['linux/arm64']],
    [['linux/amd64'], ['linux/arm64', 'linux/386'], ['linux/386']],
    [
      ['linux/arm/v7', 'linux/amd64'],
      ['linux/amd64', 'linux/arm/v6'],
      ['linux/amd64', 'linux/arm/v6'],
    ],
    [['windows/amd64:10.0.20348'], [v1, v2], [v2]],
    [['windows/amd64:10.0'], [v1, 'linux/amd64', v2], [v1, v2]],
    [['windows/amd64'], [v1, 'linux/amd64', v2], [v1, v2]],
  ])('%j takes from %j: %j', async (platforms, available, expected) => {
    const images = new Map(available.map(text => [text, imageFor(text)]));
    const result = await built(indexOf([...images.values()]), { platforms });
    const taken = available.filter(text => hasBlob(result, images.get(text)?.digest ?? ''));
    expect(taken).toEqual(expected);
  });

  it('manifest.json takes the best match, not the first', async () => {
    const [low, high] = [imageFor('linux/amd64'), imageFor('linux/amd64/v2')];
    for (const children of [
      [low, high],
      [high, low],
    ])
      for (const [requested, best] of [
        ['linux/amd64', low],
        ['linux/amd64/v2', high],
      ] as const)
        expect(
          await built(indexOf(children), { platforms: [requested, 'linux/amd64/v2', 'linux/amd64'] }),
        ).toMatchObject({
          config: configOf(best),
        });
  });

  it.each<[string, string[], string[], RegExp | undefined]>([
    [
      'several versions of Windows',
      ['windows/amd64'],
      [v1, v2],
      /took 2 images for windows\/amd64: .*17763.*20348/,
    ],
    ['the one version of Windows that was asked for', ['windows/amd64:10.0.17763'], [v1, v2], undefined],
    [
      'another architecture',
      ['linux/amd64'],
      ['linux/386', 'linux/arm64'],
      /no image for linux\/amd64; took linux\/386/,
    ],
    ['a lower variant', ['linux/amd64/v3'], ['linux/amd64', 'linux/arm64'], undefined],
  ])('says that it took %s', async (_name, platforms, available, notice) => {
    const { notices } = await built(indexOf(available.map(text => imageFor(text))), { platforms });
    expect(notices).toEqual(notice === undefined ? [] : [expect.stringMatching(notice)]);
  });

  it('says which one of two images for one platform it took', async () => {
    const other = imageOf({ layers: [noiseOf(3, 100)] });
    const { notices, root } = await built(indexOf([other, amd64, arm64]));
    expect(root.digest).toBe(other.digest);
    expect(notices).toEqual([expect.stringMatching(`2 images for linux/amd64; took ${other.digest}`)]);
  });

  it.each([
    ['windows/amd64:10.0.26100', [v1, v2], `it has ${v1}, ${v2}`],
    ['linux/amd64/v1', ['linux/amd64/v2', 'linux/arm64'], 'it has linux/amd64/v2, linux/arm64'],
    ['linux/arm/v5', ['linux/arm/v7'], 'it has linux/arm/v7'],
  ])('%s is not taken from %j', async (requested, available, message) => {
    const images = available.map(text => imageFor(text));
    const error = await rejection(built(indexOf(images), { platforms: [requested] }));
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining(message) });
  });

  it('an image without an index has a version of Windows in its config', async () => {
    await built(imageFor(v1), { platforms: ['windows/amd64:10.0.17763'] });
    const error = await rejection(built(imageFor(v1), { platforms: ['windows/amd64:10.0.20348'] }));
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining(`it has ${v1}`) });
  });
});

describe('row 5: an image that has no requested platform', () => {
  const windows = imageFor('windows/amd64:10.0.20348.2113');
  const list = () => `${registry.host}/team/app:1\n${registry.host}/team/win:1\n`;
  beforeEach(() => {
    registry.push('team/app:1', indexOf([amd64, arm64]));
    registry.push('team/win:1', indexOf([windows]));
  });
  const planned = async (temp: TempDir, flags: readonly string[] = []) => {
    const { status, stdout, stderr } = await airgap(
      ['plan', temp.file('list'), '--config', temp.file('airgap.yaml'), '--json', ...flags],
      { cwd: temp.path },
    );
    if (status !== 0) return `${status} ${stderr}`;
    const { images } = JSON.parse(stdout.toString()) as { images: { platforms: string[] }[] };
    return images.map(({ platforms }) => platforms.join());
  };
  const WINDOWS = 'windows/amd64:10.0.20348.2113';

  it.each<[string, string[], string[]]>([
    ['platforms: {"*/win": windows/amd64}', [], ['linux/amd64', WINDOWS]],
    ['platforms: {"*/win:1": ["windows/amd64:10.0.20348"], "*": linux/arm64}', [], ['linux/arm64', WINDOWS]],
    ['platforms: {"*/win:1": all}', ['--platform', 'linux/arm64'], ['linux/arm64', WINDOWS]],
    ['platforms: {"*/win": windows/amd64, "*/w*": linux/amd64}', [], ['linux/amd64', WINDOWS]],
    ['platforms: {"*/app": all, "*": windows/amd64}', [], ['linux/amd64,linux/arm64', WINDOWS]],
  ])('has its own with %s and %j', async (config, flags, expected) => {
    using temp = new TempDir({ list: list(), 'airgap.yaml': config });
    expect(await planned(temp, flags)).toEqual(expected);
  });

  it('is an error that says so', async () => {
    using temp = new TempDir({ list: list(), 'airgap.yaml': 'platforms: linux/amd64' });
    const outcome = await planned(temp);
    expect(outcome).toContain(`the image has no linux/amd64; it has ${WINDOWS}`);
    expect(outcome).toContain('or for this image alone under platforms: in airgap.yaml');
    expect(outcome).toMatch(/^2 /);
  });
});

describe('row 6: an index with a wrong size of a child', () => {
  const wrong = edited(indexOf([amd64, arm64]), ({ manifests }) => {
    (manifests[0] as { size: number }).size += 7;
  });
  it.each([[['linux/amd64']], [['linux/amd64', 'linux/arm64']]])(
    'that is not carried for %j: the images are taken',
    async platforms => {
      const other = imageFor('linux/s390x');
      const index = edited(indexOf([amd64, arm64, other]), ({ manifests }) => {
        (manifests[0] as { size: number }).size += 7;
      });
      const result = await built(index, { platforms });
      expect(hasBlob(result, amd64.digest)).toBe(true);
      expect(result.notices).toEqual([expect.stringContaining(`a wrong size for ${amd64.digest}`)]);
      const made = result.entries.get(`blobs/sha256/${result.root.digest.slice(7)}`);
      expect(String(made)).not.toContain(`"size":${amd64.bytes.length + 7}`);
    },
  );
  it.each<[string, Partial<BuildOptions>, boolean]>([
    ['its platforms', { platforms: ['linux/amd64', 'linux/arm64'] }, false],
    ['all platforms', { platforms: 'all' }, false],
    ['a digest', {}, true],
  ])('cannot be carried for %s', async (_name, options, pinned) => {
    const error = await rejection(built(wrong, options, pinned));
    const size = amd64.bytes.length;
    expect(error).toMatchObject({
      code: 'CONTENT',
      message: `manifest size mismatch: the index has ${size + 7} bytes, got ${size}`,
      where: { digest: amd64.digest },
      hint: expect.stringMatching(/\.$/),
    });
  });
  it('does not matter for a child that is not selected', async () => {
    expect((await built(wrong, { platforms: ['linux/arm64'] })).notices).toEqual([]);
  });
});

describe('row 7: an entry of an index that is no image', () => {
  const cache = Buffer.from('a layer of a build cache');
  const oras = Buffer.from(
    JSON.stringify({ mediaType: 'application/vnd.cncf.oras.artifact.manifest.v1+json' }),
  );
  const entries = [
    { mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest: sha256(cache), size: cache.length },
    {
      mediaType: 'application/vnd.cncf.oras.artifact.manifest.v1+json',
      digest: sha256(oras),
      size: oras.length,
    },
  ];
  const artifact = edited(amd64, manifest => {
    manifest.artifactType = 'application/vnd.example.sbom';
    manifest.config.mediaType = 'application/vnd.oci.empty.v1+json';
  });
  const described = (image: TestImage) => ({
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.bytes.length,
    artifactType: 'application/vnd.example.sbom',
  });
  const mixed = edited({ ...indexOf([amd64, artifact]), blobs: new Map([[sha256(cache), cache]]) }, index => {
    index.manifests = [...entries, described(artifact), index.manifests[0] as Record<string, unknown>];
  });
  const serveOras: Fault = ({ path, incoming }, response) => {
    if (!path.endsWith(sha256(oras))) return false;
    const isAccepted = incoming.headers.accept === entries[1]?.mediaType && path.includes('/manifests/');
    if (isAccepted) response.end(oras);
    else sendError(response, 404, 'UNKNOWN', 'not here');
    return true;
  };
  const contentRequests = () =>
    registry.seen.map(({ path }) => path).filter(path => path.includes('sha256:'));

  it.each([[['linux/amd64']], [['linux/amd64', 'linux/amd64/v1']]])('is not read for %j', async platforms => {
    registry.fault = serveOras;
    const result = await built(mixed, { platforms });
    expect(result.root.digest).toBe(amd64.digest);
    const others = [artifact.digest, ...entries.map(({ digest }) => digest)];
    expect(contentRequests().filter(path => others.some(digest => path.endsWith(digest)))).toEqual([]);
  });
  it('is not read to look for a platform that the index does not have', async () => {
    registry.fault = serveOras;
    const error = await rejection(built(mixed, { platforms: ['linux/s390x'] }));
    expect(error.message).toBe('the image has no linux/s390x; it has linux/amd64');
    expect(contentRequests()).toEqual([]);
  });
  it.each<[string, Partial<BuildOptions>, boolean]>([
    ['all platforms', { platforms: 'all' }, false],
    ['a digest', {}, true],
  ])('is carried with the complete index for %s', async (_name, options, pinned) => {
    registry.fault = serveOras;
    const result = await built(mixed, options, pinned);
    expect(result.root.digest).toBe(mixed.digest);
    expect(result.entries.get(`blobs/sha256/${sha256(cache).slice(7)}`)).toEqual(cache);
    expect(result.entries.get(`blobs/sha256/${sha256(oras).slice(7)}`)).toEqual(oras);
    expect(result.config).toBe(configOf(amd64));
  });
});

describe('row 8: JSON as Go writes it', () => {
  const nulls = { platform: null, urls: null, annotations: null, artifactType: null };
  it.each<[string, TestImage]>([
    [
      'null for every absent field of a manifest',
      edited(amd64, manifest => {
        Object.assign(manifest, { subject: null, annotations: null, artifactType: null, manifests: null });
        Object.assign(manifest.config, nulls);
        for (const descriptor of manifest.layers) Object.assign(descriptor, nulls);
      }),
    ],
    [
      'no media type',
      edited(amd64, manifest => {
        delete manifest.mediaType;
      }),
    ],
    [
      'a media type of null',
      edited(amd64, manifest => {
        manifest.mediaType = null;
      }),
    ],
    [
      'an empty media type',
      edited(amd64, manifest => {
        manifest.mediaType = '';
      }),
    ],
    [
      'a platform of {}',
      edited(amd64, ({ config }) => {
        config.platform = {};
      }),
    ],
  ])('an image with %s', async (_name, image) => {
    const result = await built(image);
    expect(result.root.digest).toBe(image.digest);
    expect(result.config).toBe(configOf(image));
  });

  it.each<[string, (manifest: Document) => unknown]>([
    [
      'without layers',
      manifest => {
        delete (manifest as Partial<Document>).layers;
      },
    ],
    [
      'with layers of null',
      manifest => {
        Object.assign(manifest, { layers: null });
      },
    ],
  ])('an image %s is one without layers', async (_name, change) => {
    const image = edited(imageOf({ layers: [] }), change);
    expect(await built(image)).toMatchObject({ root: { digest: image.digest }, config: configOf(image) });
  });

  it.each<[string, object]>([
    ['null', { rootfs: null, variant: null, history: null, config: null }],
    ['null in rootfs', { rootfs: { type: 'layers', diff_ids: null } }],
  ])('a config with %s', async (_name, fields) => {
    const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', ...fields }));
    const image = edited(imageOf({ layers: [] }), manifest => {
      Object.assign(manifest.config, { digest: sha256(config), size: config.length });
    });
    const result = await built({ ...image, blobs: new Map([[sha256(config), config]]) });
    expect(result.root.digest).toBe(image.digest);
  });

  it.each<[string, (index: Document) => unknown, boolean]>([
    [
      'null for every absent field',
      index => {
        Object.assign(index, { subject: null, annotations: null, config: null, layers: null });
        for (const entry of index.manifests) Object.assign(entry, { urls: null, annotations: null });
      },
      true,
    ],
    [
      'entries with a variant of null',
      index => {
        for (const { platform } of index.manifests)
          Object.assign(platform as object, { variant: null, 'os.features': null });
      },
      true,
    ],
    [
      'no media type',
      index => {
        delete index.mediaType;
      },
      true,
    ],
    [
      'entries with a platform of null',
      ({ manifests }) => {
        for (const entry of manifests) entry.platform = null;
      },
      false,
    ],
    [
      'entries with a platform of {}',
      ({ manifests }) => {
        for (const entry of manifests) entry.platform = {};
      },
      false,
    ],
    [
      'entries without a media type',
      ({ manifests }) => {
        for (const entry of manifests) entry.mediaType = '';
      },
      false,
    ],
  ])('an index with %s', async (_name, change, keepsAll) => {
    const index = edited(indexOf([amd64, arm64]), change);
    expect((await built(index)).root.digest).toBe(amd64.digest);
    const all = await built(index, { platforms: ['linux/amd64', 'linux/arm64'] });
    if (keepsAll) expect(all.root.digest).toBe(index.digest);
    expect([amd64, arm64].every(({ digest }) => hasBlob(all, digest))).toBe(true);
  });

  it('an index with manifests of null has no platform', async () => {
    const index = edited(indexOf([]), document => {
      Object.assign(document, { manifests: null });
    });
    expect((await rejection(built(index))).message).toBe(
      'the image has no linux/amd64; it has no known platform',
    );
    expect((await built(index, { platforms: 'all' })).root.digest).toBe(index.digest);
  });
});

describe('manifests of one name over 64 MiB', () => {
  const PADDING = 'x'.repeat(3 * 1024 * 1024);
  const padded = (at: number) => ({
    ...edited(amd64, manifest => {
      manifest.annotations = { x: `${at}${PADDING}` };
    }),
    platform: { os: 'linux', architecture: 'amd64', variant: `v${at}` },
  });

  it.each([
    [20, undefined],
    [23, 'the manifests of the image have more than 64 MiB'],
  ])('%d of 3 MiB: %s', async (count, message) => {
    const index = indexOf(Array.from({ length: count }, (_, at) => padded(at)));
    const outcome = built(index, { platforms: 'all' });
    if (message === undefined) return void (await outcome);
    expect((await rejection(outcome)).message).toBe(message);
  });
});

describe('row 9: a manifest over 4 MiB', () => {
  const large = edited(amd64, manifest => {
    manifest.annotations = { x: 'x'.repeat(4 * 1024 * 1024) };
  });
  it.each<[string, TestImage, boolean]>([
    ['of a tag', large, false],
    ['of a digest', large, true],
    ['in an index', indexOf([{ ...large, platform: { os: 'linux', architecture: 'amd64' } }]), false],
  ])('%s is refused with a hint', async (_name, image, pinned) => {
    expect(await rejection(built(image, {}, pinned))).toMatchObject({
      code: 'REGISTRY',
      message: expect.stringMatching(/manifest.*4194304 bytes/),
      hint: expect.stringMatching(/^\w.*\.$/),
      where: { host: registry.host },
    });
  });
});
