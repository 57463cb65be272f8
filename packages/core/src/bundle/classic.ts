import { parseConfig } from '../image/config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { blobPath, classicEntry } from './documents.ts';
import type { BundleReader } from './reader.ts';
import type { PlacedEntry } from './tar-walk.ts';

const ENTRY = 'manifest.json';

/**
 * What is wrong with `manifest.json`: it says again, for classic loaders, what the manifests say, and no digest
 * covers it. So each of its images must be the one that a build would write.
 *
 * @param images the bundle's images by the path of their config, which several may have
 */
export async function* classicProblems(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  images: ReadonlyMap<string, readonly ImageManifest[]>,
  names: ReadonlySet<string>,
): AsyncGenerator<string> {
  const document = await bundle.document(entries, ENTRY);
  if (!Array.isArray(document)) {
    yield 'not a list of images';
    return;
  }
  for (const entry of document as ({ Config?: unknown; RepoTags?: unknown } | null)[]) {
    const candidates = images.get(String(entry?.Config)) ?? [];
    const tags = Array.isArray(entry?.RepoTags) ? entry.RepoTags.map(String) : [];
    const strange = tags.find(tag => !names.has(tag));
    if (strange !== undefined) yield `the name ${strange} is not in index.json`;
    const expected = await Promise.all(candidates.map(one => written(bundle, entries, one, tags)));
    if (candidates.length === 0)
      yield `it points to ${JSON.stringify(entry?.Config)}, which is no image of this bundle`;
    else if (!expected.includes(JSON.stringify(entry)))
      yield `what it says of ${String(entry?.Config)} is not what the manifest says`;
  }
}

async function written(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  manifest: ImageManifest,
  tags: readonly string[],
): Promise<string> {
  if (!entries.has(blobPath(manifest.config))) return '';
  const config = await bundle.blob(entries, manifest.config);
  const { diffIds } = parseConfig(config, { path: bundle.path, digest: manifest.config.digest });
  if (diffIds.length !== manifest.layers.length) return '';
  return JSON.stringify(classicEntry(manifest, diffIds, tags));
}
