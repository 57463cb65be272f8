import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactOf, imageOf, indexOf, noiseOf } from '../../../../test/support/images/image.ts';
import { bundleOf } from '../../../../test/support/memory-bundle.ts';
import { Repositories } from './repositories.ts';
import { route } from './router.ts';
import { ServedBundle } from './served-bundle.ts';

const layer = noiseOf(1, 1000);
const image = imageOf({ layers: [layer], compression: 'none' });
const index = indexOf([image]);
const other = imageOf({ layers: [noiseOf(2, 10)], compression: 'none' });
const sbom = artifactOf({ subject: image, artifactType: 'application/sbom' });
const signature = artifactOf({ subject: image, artifactType: 'application/signature' });
const ABSENT = `sha256:${'0'.repeat(64)}`;

const folder = mkdtempSync(join(tmpdir(), 'airgap-router-'));
const repositories = new Repositories();
const notices: string[] = [];
const opened: ServedBundle[] = [];

beforeAll(async () => {
  const bundles = [
    await bundleOf({
      'team/app:1': index,
      'team/app:2': image,
      'team/app:sbom': sbom,
      'team/app:sig': signature,
    }),
    await bundleOf({ 'team/app:1': other, 'other/app:1': other }),
  ];
  for (const [at, tar] of bundles.entries()) {
    const path = join(folder, `${at}.tar`);
    writeFileSync(path, tar);
    const bundle = await ServedBundle.open(path);
    opened.push(bundle);
    repositories.add(bundle, event => void (event.type === 'notice' && notices.push(event.message)));
  }
});
afterAll(async () => {
  for (const bundle of opened) await bundle[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function respond(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const {
    status,
    headers: sent,
    body,
  } = route({ method, url, headers } as unknown as IncomingMessage, repositories);
  const range = Buffer.isBuffer(body) ? undefined : body.range;
  const json = Buffer.isBuffer(body) && body.length > 0 ? JSON.parse(body.toString()) : undefined;
  return { status, headers: sent, range, json };
}
const app = '/v2/team/app';
const blob = `${app}/blobs/${layer.diffId}`;

describe('a request', () => {
  it.each<[string, number, string | undefined]>([
    ['/v2', 200, undefined],
    ['/v2/', 200, undefined],
    ['/v2/_catalog', 200, undefined],
    [`${app}/tags/list`, 200, undefined],
    [`${app}/manifests/1`, 200, undefined],
    [`${app}/manifests/${image.digest}`, 200, undefined],
    [blob, 200, undefined],
    [`${app}/blobs/${image.digest}`, 200, undefined],
    [`${app}/referrers/${image.digest}`, 200, undefined],
    [`/v2/registry.test/team/app/manifests/1`, 200, undefined],
    [`http://anything.test${app}/manifests/1`, 200, undefined],
    ['/v2/team%2Fapp/manifests/1', 200, undefined],
    ['/', 404, 'UNSUPPORTED'],
    ['/v1/_catalog', 404, 'UNSUPPORTED'],
    [`${app}/blobs`, 404, 'UNSUPPORTED'],
    [`${app}/manifests/9`, 404, 'MANIFEST_UNKNOWN'],
    [`${app}/manifests/sha256:1`, 400, 'DIGEST_INVALID'],
    [`${app}/manifests/${ABSENT}`, 404, 'MANIFEST_UNKNOWN'],
    [`${app}/blobs/${ABSENT}`, 404, 'BLOB_UNKNOWN'],
    [`${app}/blobs/1`, 400, 'DIGEST_INVALID'],
    [`/v2/other/app/blobs/${layer.diffId}`, 404, 'BLOB_UNKNOWN'],
    ['/v2/none/app/manifests/1', 404, 'NAME_UNKNOWN'],
    ['/v2/Team/app/manifests/1', 400, 'NAME_INVALID'],
    ['/v2/../x/manifests/1', 400, 'NAME_INVALID'],
    ['/v2/team%zz/manifests/1', 400, 'NAME_INVALID'],
    [`${app}/referrers/1`, 400, 'DIGEST_INVALID'],
    [`${app}/tags/list?n=x`, 400, 'PAGINATION_NUMBER_INVALID'],
  ])('for %s is answered with %i %s', (url, status, code) => {
    const response = respond(url);
    expect([response.status, response.json?.errors?.[0].code]).toEqual([status, code]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('with %s is refused', method => {
    expect(respond(`${app}/manifests/1`, {}, method)).toMatchObject({
      status: 405,
      headers: { Allow: 'GET, HEAD' },
      json: { errors: [{ code: 'UNSUPPORTED' }] },
    });
  });

  it.each([
    ['registry.test', 200],
    ['else.test', 404],
  ])('of a mirror is for the images of its host: %s', (host, status) =>
    expect(respond(`${app}/manifests/1?ns=${host}`).status).toBe(status),
  );
});

describe('a blob', () => {
  it.each<[string, string, number, object | undefined, string | undefined]>([
    ['GET', '', 200, { start: 0, end: 1000 }, undefined],
    ['GET', 'bytes=0-0', 206, { start: 0, end: 1 }, 'bytes 0-0/1000'],
    ['GET', 'bytes=100-', 206, { start: 100, end: 1000 }, 'bytes 100-999/1000'],
    ['GET', 'bytes=100-5000', 206, { start: 100, end: 1000 }, 'bytes 100-999/1000'],
    ['GET', 'bytes=-10', 206, { start: 990, end: 1000 }, 'bytes 990-999/1000'],
    ['GET', 'bytes=-5000', 206, { start: 0, end: 1000 }, 'bytes 0-999/1000'],
    ['GET', 'bytes=1000-', 416, undefined, 'bytes */1000'],
    ['GET', 'bytes=-0', 416, undefined, 'bytes */1000'],
    ['GET', 'bytes=5-4', 200, { start: 0, end: 1000 }, undefined],
    ['GET', 'bytes=0-1,3-4', 200, { start: 0, end: 1000 }, undefined],
    ['GET', 'items=0-1', 200, { start: 0, end: 1000 }, undefined],
    ['HEAD', 'bytes=0-0', 200, { start: 0, end: 1000 }, undefined],
  ])('%s with the range "%s" is answered with %i', (method, range, status, sent, contentRange) => {
    const response = respond(blob, range ? { range } : {}, method);
    expect([response.status, response.range, response.headers['Content-Range']]).toEqual([
      status,
      sent,
      contentRange,
    ]);
  });

  it.each<[string, string, number]>([
    ['its own', `"${layer.diffId}"`, 206],
    ['another', `"${ABSENT}"`, 200],
    ['a weak one', `W/"${layer.diffId}"`, 200],
    ['a date', 'Wed, 21 Oct 2015 07:28:00 GMT', 200],
  ])('with If-Range of %s is answered with the right part', (_title, etag, status) =>
    expect(respond(blob, { range: 'bytes=0-9', 'if-range': etag }).status).toBe(status),
  );

  it('and a manifest have their digest, which clients may send back', () => {
    for (const [url, digest] of [
      [blob, layer.diffId],
      [`${app}/manifests/1`, index.digest],
    ] as const) {
      const { headers } = respond(url);
      expect(headers).toMatchObject({ 'Docker-Content-Digest': digest, ETag: `"${digest}"` });
      for (const etag of [`"${digest}"`, `W/"${digest}"`, '*', `"x", "${digest}"`])
        expect(respond(url, { 'if-none-match': etag }).status).toBe(304);
      expect(respond(url, { 'if-none-match': '"x"' }).status).toBe(200);
    }
  });
});

describe('a list', () => {
  it('of tags has pages', () => {
    const all = ['1', '2', 'sbom', 'sig'];
    expect(respond(`${app}/tags/list`).json).toEqual({ name: 'team/app', tags: all });
    const page = respond(`${app}/tags/list?n=2`);
    expect([page.json.tags, page.headers.Link]).toEqual([
      ['1', '2'],
      `<${app}/tags/list?n=2&last=2>; rel="next"`,
    ]);
    const last = respond(`${app}/tags/list?n=2&last=2`);
    expect([last.json.tags, last.headers.Link]).toEqual([['sbom', 'sig'], undefined]);
    expect(respond(`${app}/tags/list?n=0`).json.tags).toEqual([]);
  });

  it('of repositories has each once, with its host', () =>
    expect(respond('/v2/_catalog').json).toEqual({
      repositories: ['registry.test/other/app', 'registry.test/team/app'],
    }));

  it.each([
    ['', [sbom, signature]],
    ['?artifactType=application/sbom', [sbom]],
    ['?artifactType=none', []],
  ])('of referrers with the query "%s"', (query, expected) => {
    const { json, headers } = respond(`${app}/referrers/${image.digest}${query}`);
    expect(json.manifests.map(({ digest }: { digest: string }) => digest)).toEqual(
      expected.map(({ digest }) => digest).sort(),
    );
    expect(headers['OCI-Filters-Applied']).toBe(query ? 'artifactType' : undefined);
  });
});

it('of two images with one name, the first bundle wins, and says so', () => {
  expect(respond(`${app}/manifests/1`).headers['Docker-Content-Digest']).toBe(index.digest);
  expect(respond(`${app}/manifests/${other.digest}`).status).toBe(200);
  expect(notices).toEqual([
    `${join(folder, '1.tar')}: registry.test/team/app:1 is not served: an earlier bundle has another image with this name`,
  ]);
});
