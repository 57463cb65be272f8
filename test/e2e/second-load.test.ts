import { type LoadResult, loadRegistry } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf } from '../support/images/image.ts';

const app = imageOf({ layers: [noiseOf(1, 1000)], compression: 'none' });
const arm = imageOf({
  layers: [noiseOf(2, 1000)],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const many = indexOf([app, arm]);
const IMAGES = { 'team/many:1': many, 'other/app:1': app };
const [lostBlob = ''] = app.blobs.keys();

const work = new TempDir();
const bundle = work.file('bundle.tar');

beforeAll(() => buildBundle(IMAGES, bundle));
afterAll(() => work[Symbol.dispose]());

interface SecondLoad {
  readonly result: LoadResult;
  /** Method and path of each request, without what precedes the repository. */
  readonly requests: string[];
}

/** Loads the bundle twice; the registry loses a digest in one repository in between. */
async function loadTwice(lost: string, options: { checkBlobs?: boolean } = {}): Promise<SecondLoad> {
  await using registry = await TestRegistry.start();
  await loadRegistry({ bundle, target: registry.host });
  const before = registry.seen.length;
  let isLost = true;
  registry.fault = ({ method, path }, response) => {
    if (method === 'PUT' || method === 'POST') isLost = false;
    if (!isLost || method !== 'HEAD' || !path.startsWith('/v2/team/many/') || !path.endsWith(lost))
      return false;
    response.writeHead(404).end();
    return true;
  };
  const result = await loadRegistry({ bundle, target: registry.host, ...options });
  const requests = registry.seen.slice(before).map(({ method, path }) => `${method} ${path}`);
  return { result, requests };
}

describe('a second load', () => {
  const headsOf = (requests: readonly string[], kind: 'blobs' | 'manifests') =>
    requests.filter(request => request.startsWith('HEAD ') && request.includes(`/${kind}/`));

  it('queries each name and the manifests of an index, once, and no blob', async () => {
    const { result, requests } = await loadTwice('nothing');
    expect(result.images.map(({ state }) => state)).toEqual(['present', 'present']);
    const names = ['HEAD /v2/other/app/manifests/1', 'HEAD /v2/team/many/manifests/1'];
    const children = [many, app, arm].map(({ digest }) => `HEAD /v2/team/many/manifests/${digest}`);
    expect(requests.filter(request => request !== 'GET /v2/').sort()).toEqual([...names, ...children].sort());
  });

  it('queries every blob with checkBlobs', async () => {
    const { result, requests } = await loadTwice('nothing', { checkBlobs: true });
    expect(result.uploaded.blobs).toBe(0);
    expect(headsOf(requests, 'blobs')).toHaveLength(2 * app.blobs.size + arm.blobs.size);
  });

  it('repairs an image whose manifest the registry has lost, and queries its blobs only', async () => {
    const { result, requests } = await loadTwice(arm.digest);
    expect(requests).toContain(`PUT /v2/team/many/manifests/${arm.digest}`);
    expect(headsOf(requests, 'blobs').every(request => request.includes('team/many'))).toBe(true);
    expect(headsOf(requests, 'blobs')).toHaveLength(app.blobs.size + arm.blobs.size);
    expect(result.uploaded.blobs).toBe(0);
  });

  it('finds a blob that the registry has lost only with checkBlobs', async () => {
    const { result: trusting } = await loadTwice(lostBlob);
    expect(trusting.uploaded.blobs + trusting.mounted.blobs).toBe(0);
    const { result } = await loadTwice(lostBlob, { checkBlobs: true });
    expect(result.uploaded.blobs + result.mounted.blobs).toBe(1);
  });
});
