import { describe, expect, it } from 'vitest';
import { artifactOf, imageOf, indexOf, noiseOf, signatureOf } from '../../../../test/support/images/image.ts';
import { parseConfig } from './config.ts';
import { digestOf } from './digest.ts';
import { isAttestation, isRunnable, parseManifest, rawManifest } from './manifest.ts';
import { cosignSubject, cosignTags, referrerDescriptor } from './referrer.ts';

const image = imageOf({ layers: [noiseOf(1, 10)], compression: 'none' });
const OCI = 'application/vnd.oci.image.';
const DOCKER = 'application/vnd.docker.distribution.manifest.';
const raw = (document: object | string, type = '') =>
  rawManifest(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), type);
const config = { mediaType: `${OCI}config.v1+json`, digest: image.digest, size: 5 };

describe('rawManifest', () => {
  it.each<[string, object, string, string]>([
    ['its own', { mediaType: `${OCI}index.v1+json` }, `${OCI}manifest.v1+json`, `${OCI}index.v1+json`],
    ['the served one', {}, `${DOCKER}v2+json; charset=utf-8`, `${DOCKER}v2+json`],
    ['that of a manifest', {}, 'application/json', `${OCI}manifest.v1+json`],
    ['that of an index', { manifests: [] }, 'text/plain', `${OCI}index.v1+json`],
    ['schema 1', { schemaVersion: 1, mediaType: `${OCI}manifest.v1+json` }, '', `${DOCKER}v1+json`],
  ])('has a media type: %s', (_name, document, served, mediaType) => {
    const manifest = raw(document, served);
    expect([manifest.mediaType, manifest.digest]).toEqual([mediaType, digestOf(manifest.bytes)]);
  });

  it.each([
    ['is not JSON', 'hello'],
    ['is nested too deeply to be serialised', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('rejects a document that %s', (_name, text) => expect(() => raw(text)).toThrow(/not JSON/));
});

describe('a manifest is rejected', () => {
  it.each<[string, object, string, RegExp]>([
    ['of schema 1', { schemaVersion: 1 }, 'UNSUPPORTED', /schema 1/],
    ['of another type', { mediaType: 'application/x' }, 'UNSUPPORTED', /its media type is "application\/x"/],
    ['of another version', { schemaVersion: 3, config, layers: [] }, 'REGISTRY', /schemaVersion/],
    ['without a config', { schemaVersion: 2, layers: [] }, 'REGISTRY', /config/],
    [
      'with manifests',
      { schemaVersion: 2, mediaType: `${OCI}manifest.v1+json`, config, layers: [], manifests: [] },
      'REGISTRY',
      /cannot also be an index/,
    ],
    [
      'as an index with layers',
      { schemaVersion: 2, manifests: [], layers: [] },
      'REGISTRY',
      /cannot also be a manifest/,
    ],
    [
      'with a negative size',
      { schemaVersion: 2, config: { ...config, size: -1 }, layers: [] },
      'UNSUPPORTED',
      /config: "size" must be a plain integer, got -1$/,
    ],
    [
      'with a path as digest',
      { schemaVersion: 2, config: { ...config, digest: '../../etc' }, layers: [] },
      'REGISTRY',
      /config.digest/,
    ],
  ])('%s', (_name, document, code, message) => {
    expect(() => parseManifest(raw(document))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('an image is', () => {
  const parsed = (each: typeof image) => parseManifest(raw(each.bytes.toString(), each.mediaType)) as never;
  it('runnable', () => expect(isRunnable(parsed(image))).toBe(true));
  it('runnable with types of docker', () =>
    expect(isRunnable(parsed(imageOf({ layers: [noiseOf(1, 10)], types: 'docker' })))).toBe(true));
  it('not runnable when it is an artifact', () =>
    expect(isRunnable(parsed(artifactOf({ subject: image })))).toBe(false));
  it('not runnable when it is a signature', () => expect(isRunnable(parsed(signatureOf(image)))).toBe(false));

  it.each([
    [{ platform: { os: 'unknown', architecture: 'unknown' } }, true],
    [{ annotations: { 'vnd.docker.reference.digest': image.digest } }, true],
    [{ platform: { os: 'linux', architecture: 'unknown' } }, false],
    [{}, false],
  ])('an attestation: %j', (fields, expected) =>
    expect(isAttestation({ ...config, ...fields } as never)).toBe(expected),
  );
});

describe('a referrer', () => {
  const subject = digestOf(image.bytes);
  it('has the type and annotations of its manifest, or the type of its config', () => {
    const sbom = artifactOf({ subject: image, artifactType: 'application/sbom', annotations: { a: 'b' } });
    const plain = artifactOf({ subject: image });
    const listed = (each: typeof sbom) =>
      referrerDescriptor(
        { digest: digestOf(each.bytes), size: 7 },
        parseManifest(raw(each.bytes.toString())),
      );
    expect(listed(sbom)).toMatchObject({
      artifactType: 'application/sbom',
      annotations: { a: 'b' },
      size: 7,
    });
    expect(listed(plain)).toMatchObject({ artifactType: 'application/vnd.test.config.v1+json' });
  });

  it('of cosign has the digest of its subject in the tag', () => {
    for (const tag of cosignTags(subject)) expect(cosignSubject(`a.test/x:${tag}`)).toBe(subject);
    for (const name of [
      'a.test/x:1',
      `a.test/x:${subject.replace(':', '-')}`,
      `a.test/x:${cosignTags(subject)[0]}x`,
    ])
      expect(cosignSubject(name)).toBeUndefined();
  });
});

it('a config has a platform only with both parts of it', () => {
  const parse = (document: object) => parseConfig(Buffer.from(JSON.stringify(document)), {});
  expect(
    parse({ os: 'linux', architecture: 'arm', variant: 'v7', rootfs: { diff_ids: [image.digest] } }),
  ).toEqual({
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    diffIds: [image.digest],
  });
  expect(parse({ os: 'linux' })).toEqual({ platform: undefined, diffIds: [] });
  expect(() => parseConfig(Buffer.from('x'), {})).toThrow('the image config is not JSON');
});

describe('a config', () => {
  const parse = (document: object) => parseConfig(Buffer.from(JSON.stringify(document)), {});

  it.each<[string, object, string]>([
    ['a time in words', { created: 'yesterday' }, 'created: not a time of RFC 3339'],
    ['a time without a zone', { created: '2024-01-01T00:00:00' }, 'created: not a time'],
    ['an empty time', { created: '' }, 'created: not a time'],
    ['a time as a number', { created: 1 }, 'created: '],
    ['an author that is a list', { author: [] }, 'author: '],
    ['a user ID as a number', { config: { User: 0 } }, 'config.User: '],
    ['Env as text', { config: { Env: 'A=1' } }, 'config.Env: '],
    ['Env with numbers', { config: { Env: [1] } }, 'config.Env.0: '],
    ['Entrypoint as text', { config: { Entrypoint: '/x' } }, 'config.Entrypoint: '],
    ['Cmd as a map', { config: { Cmd: {} } }, 'config.Cmd: '],
    ['labels with numbers', { config: { Labels: { a: 1 } } }, 'config.Labels.a: '],
    ['labels as a list', { config: { Labels: ['a=b'] } }, 'config.Labels: '],
    ['volumes as a list', { config: { Volumes: ['/a'] } }, 'config.Volumes: '],
    ['ports with texts', { config: { ExposedPorts: { '80/tcp': 'x' } } }, 'config.ExposedPorts.80/tcp: '],
    ['history as a map', { history: {} }, 'history: '],
    ['history with texts', { history: ['RUN'] }, 'history.0: '],
    ['empty_layer as text', { history: [{ empty_layer: 'true' }] }, 'history.0.empty_layer: '],
  ])('with %s is refused, as programs do', (_name, document, message) => {
    expect(() => parse(document)).toThrow(`the image config violates the image specification: ${message}`);
  });

  it.each<[string, object]>([
    ['null for every field', { created: null, author: null, config: null, history: null, rootfs: null }],
    [
      'null in every field',
      {
        config: {
          User: null,
          Env: null,
          Cmd: [null],
          Labels: { a: null },
          Volumes: { a: null },
          ExposedPorts: null,
        },
        history: [null, { created: null }],
      },
    ],
    [
      'nanoseconds',
      { created: '2024-01-01T00:00:00.123456789Z', history: [{ created: '0001-01-01T00:00:00+05:30' }] },
    ],
    [
      'fields that nothing reads',
      {
        container_config: { Cmd: 'x' },
        docker_version: 1,
        config: { Healthcheck: {}, OnBuild: null, Image: 5 },
      },
    ],
  ])('with %s is read', (_name, document) => {
    expect(parse(document)).toEqual({ platform: undefined, diffIds: [] });
  });
});

it.each([{ a: 1 }, ['a'], 'a', { a: ['b'] }])(
  'a manifest with the annotations %j is refused',
  annotations => {
    const document = { ...JSON.parse(image.bytes.toString()), annotations };
    expect(() => parseManifest(raw(JSON.stringify(document)))).toThrow(/violates .*: annotations/);
  },
);

it('a layer with a platform is refused, in an image only', () => {
  const document = JSON.parse(image.bytes.toString());
  const layers = document.layers.map((layer: object) => ({
    ...layer,
    platform: { os: 'linux', architecture: 'arm' },
  }));
  expect(() => parseManifest(raw(JSON.stringify({ ...document, layers })))).toThrow('has a platform');
  const config = { ...document.config, mediaType: 'application/vnd.test+json' };
  expect(parseManifest(raw(JSON.stringify({ ...document, layers, config })))).toMatchObject({
    kind: 'image',
  });
});

it('an index of images is an index', () =>
  expect(parseManifest(raw(indexOf([image]).bytes.toString()))).toMatchObject({
    kind: 'index',
    manifests: [{ digest: image.digest }],
  }));
