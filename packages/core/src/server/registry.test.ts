import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRequest } from '../../../../test/registry/client.ts';
import { imageOf, noiseOf } from '../../../../test/support/images/image.ts';
import { bundleOf } from '../../../../test/support/memory-bundle.ts';
import { type Serving, serve } from '../verbs/serve.ts';

const layer = noiseOf(1, 300_000);
const image = imageOf({ layers: [layer], compression: 'none' });
const folder = mkdtempSync(join(tmpdir(), 'airgap-serve-'));
const login = { username: 'me', password: 'pw' };
const authorization = `Basic ${Buffer.from('me:pw').toString('base64')}`;
let serving: Serving;

beforeAll(async () => {
  writeFileSync(join(folder, 'b.tar'), await bundleOf({ 'team/app:1': image }));
  serving = await serve({ bundles: [join(folder, 'b.tar')], listen: { host: '127.0.0.1', port: 0 }, login });
});
afterAll(async () => {
  await serving[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const request = (path: string, method: string, headers: Record<string, string> = {}) =>
  sendRequest(serving.url, path, { method, headers });
const paths = ['/v2/', '/v2/_catalog', '/v2/team/app/manifests/1', `/v2/team/app/blobs/${layer.diffId}`];

describe.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s', method => {
  it.each(paths)('%s needs the login', async path => {
    for (const headers of [{}, { authorization: 'Basic bWU6eA==' }])
      expect((await request(path, method, headers)).status).toBe(401);
    const status = method === 'GET' || method === 'HEAD' ? 200 : 405;
    expect((await request(path, method, { authorization })).status).toBe(status);
  });
});

it('GET sends the bytes, and HEAD only their number', async () => {
  const path = `/v2/team/app/blobs/${layer.diffId}`;
  const got = await request(path, 'GET', { authorization });
  expect(got.body.equals(layer.bytes)).toBe(true);
  const head = await request(path, 'HEAD', { authorization });
  expect([head.body.length, head.headers['content-length']]).toEqual([0, '300000']);
});

it('a damaged layer is cut off before its end, and then refused', async () => {
  const tar = await bundleOf({ 'team/app:1': image });
  const at = tar.indexOf(layer.bytes.subarray(0, 100));
  tar[at] = (tar[at] ?? 0) ^ 1;
  writeFileSync(join(folder, 'damaged.tar'), tar);
  await using damaged = await serve({
    bundles: [join(folder, 'damaged.tar')],
    listen: { host: '127.0.0.1', port: 0 },
  });
  const path = `/v2/team/app/blobs/${layer.diffId}`;
  const first = await sendRequest(damaged.url, path);
  expect(first.broken).toBeDefined();
  expect(first.body.length).toBeLessThan(layer.bytes.length);
  expect((await sendRequest(damaged.url, path)).status).toBe(500);
});
