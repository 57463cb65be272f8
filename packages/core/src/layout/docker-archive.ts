import { parseConfig } from '../oci/config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { Reference } from '../reference/reference.ts';
import type { DocumentReader, LayoutEntry } from './document-reader.ts';
import { blobPath, dockerManifestEntry } from './documents.ts';

const ENTRY = 'manifest.json';

/** An image of `manifest.json`, as far as it can be read. */
interface Entry {
  /** All of it, as it is written. */
  readonly text: string;
  readonly config: string;
  readonly tags: readonly string[];
}

/**
 * What is wrong with `manifest.json`: it says again, for classic loaders, what the manifests say, and no digest
 * covers it. So each of its images must be the one that a build would write, under the names that lead to it, and
 * every name that such a loader can load must be there once.
 *
 * @param images the images that each name of the bundle leads to
 */
export async function dockerManifestProblems(
  layout: DocumentReader<LayoutEntry>,
  entries: ReadonlyMap<string, LayoutEntry>,
  images: ReadonlyMap<string, readonly ImageManifest[]>,
): Promise<string[]> {
  const document = await layout.document(entries, ENTRY);
  if (!Array.isArray(document)) return ['not a list of images'];
  const listed = document.map(entryOf);
  const problems: string[] = [];
  for (const entry of listed) {
    const wrong = await entryProblem(layout, entries, images, entry);
    if (wrong !== undefined) problems.push(wrong);
  }
  const tags = listed.flatMap(entry => entry.tags);
  for (const tag of duplicates(tags)) problems.push(`the name ${tag} stands there twice`);
  if (duplicates(listed.map(({ text }) => text)).length > 0) problems.push('an image stands there twice');
  for (const [name, candidates] of images) {
    const loadable = await Promise.all(candidates.map(one => expectedEntry(layout, entries, one, [])));
    if (loadable.every(text => text === '')) continue;
    const paths = new Set(candidates.map(({ config }) => blobPath(config)));
    const isThere = hasDigest(name) ? listed.some(({ config }) => paths.has(config)) : tags.includes(name);
    if (!isThere) problems.push(`the name ${name} is missing`);
  }
  return problems;
}

function entryOf(entry: unknown): Entry {
  const { Config: config, RepoTags: tags } = (entry ?? {}) as { Config?: unknown; RepoTags?: unknown };
  return {
    text: JSON.stringify(entry),
    config: typeof config === 'string' ? config : '',
    tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [],
  };
}

async function entryProblem(
  layout: DocumentReader<LayoutEntry>,
  entries: ReadonlyMap<string, LayoutEntry>,
  images: ReadonlyMap<string, readonly ImageManifest[]>,
  { text, config, tags }: Entry,
): Promise<string | undefined> {
  const strange = tags.find(tag => !images.has(tag));
  if (strange !== undefined) return `the name ${strange} is not in index.json`;
  const of = (list: readonly ImageManifest[]) => list.filter(one => blobPath(one.config) === config);
  const other = tags.find(tag => of(images.get(tag) ?? []).length === 0);
  if (other !== undefined) return `the name ${other} stands for another image than in index.json`;
  const candidates = of([...images.values()].flat());
  if (candidates.length === 0)
    return `it points to ${JSON.stringify(config)}, which is no image of this bundle`;
  const expected = await Promise.all(candidates.map(one => expectedEntry(layout, entries, one, tags)));
  return expected.includes(text) ? undefined : `what it says of ${config} is not what the manifest says`;
}

/** The entry as a build writes it; nothing for an image that a classic loader would refuse. */
async function expectedEntry(
  layout: DocumentReader<LayoutEntry>,
  entries: ReadonlyMap<string, LayoutEntry>,
  manifest: ImageManifest,
  tags: readonly string[],
): Promise<string> {
  if (!entries.has(blobPath(manifest.config))) return '';
  const config = await layout.blob(entries, manifest.config);
  const { diffIds } = parseConfig(config, { path: layout.path, digest: manifest.config.digest });
  if (diffIds.length !== manifest.layers.length) return '';
  return JSON.stringify(dockerManifestEntry(manifest, diffIds, tags));
}

function hasDigest(name: string): boolean {
  return Reference.parse(name).digest !== undefined;
}

function duplicates(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))];
}
