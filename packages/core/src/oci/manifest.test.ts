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
      'REGISTRY',
      /config.size/,
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

it('an index of images is an index', () =>
  expect(parseManifest(raw(indexOf([image]).bytes.toString()))).toMatchObject({
    kind: 'index',
    manifests: [{ digest: image.digest }],
  }));
