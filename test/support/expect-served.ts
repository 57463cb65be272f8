import { expect } from 'vitest';
import { flatten, sha256, type TestImage } from './images/image.ts';

/**
 * Reads a manifest, its children and all blobs back from a registry.
 *
 * @param path `REPOSITORY/manifests/REFERENCE`
 */
export async function expectServed(host: string, path: string, image: TestImage): Promise<void> {
  const repository = path.slice(0, path.lastIndexOf('/manifests/'));
  const accept = flatten(image)
    .map(({ mediaType }) => mediaType)
    .join(', ');
  const get = (name: string) => fetch(`http://${host}/v2/${name}`, { headers: { accept } });
  const root = await get(path);
  expect([path, root.status, await digestOf(root)]).toEqual([path, 200, image.digest]);
  for (const manifest of flatten(image)) {
    expect(await digestOf(await get(`${repository}/manifests/${manifest.digest}`))).toBe(manifest.digest);
    for (const digest of manifest.blobs.keys())
      expect(await digestOf(await get(`${repository}/blobs/${digest}`))).toBe(digest);
  }
}

async function digestOf(response: Response): Promise<string> {
  return sha256(Buffer.from(await response.arrayBuffer()));
}
