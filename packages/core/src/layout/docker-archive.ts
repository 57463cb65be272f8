import { parseConfig } from '../oci/config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { Reference } from '../reference/reference.ts';
import { blobPath, dockerManifestEntry } from './documents.ts';
import type { Layout } from './layout.ts';

const DOCUMENT = 'manifest.json';

/** The images that each name of a layout points to. */
type ImagesByName = ReadonlyMap<string, readonly ImageManifest[]>;

/** An image of `manifest.json`; fields of the wrong type are empty. */
interface DockerEntry {
  /** The entry as JSON. */
  readonly text: string;
  readonly config: string;
  readonly tags: readonly string[];
}

/**
 * Checks `manifest.json`. It repeats for docker's classic store what the manifests say, and no digest covers it. So
 * each entry must equal the one that a build would write, its tags must point to the same image as in `index.json`, and
 * every loadable name must be listed once.
 *
 * @returns the problems
 */
export async function dockerManifestProblems(layout: Layout, images: ImagesByName): Promise<string[]> {
  const document = await layout.document(DOCUMENT);
  if (!Array.isArray(document)) return ['not a list of images'];
  const listed = document.map(dockerEntry);
  const problems: string[] = [];
  for (const entry of listed) {
    const problem = await entryProblem(layout, images, entry);
    if (problem !== undefined) problems.push(problem);
  }
  for (const tag of duplicates(listed.flatMap(({ tags }) => tags))) problems.push(`duplicate name ${tag}`);
  if (duplicates(listed.map(({ text }) => text)).length > 0) problems.push('duplicate image');
  for (const [name, manifests] of images) {
    const loadable = await isLoadable(layout, manifests);
    if (loadable && !isListed(name, manifests, listed)) problems.push(`the name ${name} is missing`);
  }
  return problems;
}

function dockerEntry(entry: unknown): DockerEntry {
  const { Config: config, RepoTags: tags } = (entry ?? {}) as { Config?: unknown; RepoTags?: unknown };
  return {
    text: JSON.stringify(entry),
    config: typeof config === 'string' ? config : '',
    tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [],
  };
}

async function entryProblem(
  layout: Layout,
  images: ImagesByName,
  { text, config, tags }: DockerEntry,
): Promise<string | undefined> {
  const withConfig = (manifests: readonly ImageManifest[]) =>
    manifests.filter(manifest => blobPath(manifest.config) === config);
  const unknown = tags.find(tag => !images.has(tag));
  if (unknown !== undefined) return `the name ${unknown} is not in index.json`;
  const mismatched = tags.find(tag => withConfig(images.get(tag) ?? []).length === 0);
  if (mismatched !== undefined)
    return `the name ${mismatched} points to a different image than in index.json`;
  const candidates = withConfig([...images.values()].flat());
  if (candidates.length === 0) return `no image of this bundle has the config ${JSON.stringify(config)}`;
  const expected = await Promise.all(candidates.map(manifest => expectedEntry(layout, manifest, tags)));
  return expected.includes(text) ? undefined : `the entry for ${config} does not match its manifest`;
}

/** Whether docker's classic store can load one of these images. */
async function isLoadable(layout: Layout, manifests: readonly ImageManifest[]): Promise<boolean> {
  const expected = await Promise.all(manifests.map(manifest => expectedEntry(layout, manifest, [])));
  return expected.some(text => text !== undefined);
}

/** A name with a digest is not a tag: its image is listed without it. */
function isListed(
  name: string,
  manifests: readonly ImageManifest[],
  listed: readonly DockerEntry[],
): boolean {
  if (Reference.parse(name).digest === undefined) return listed.some(({ tags }) => tags.includes(name));
  const configs = new Set(manifests.map(({ config }) => blobPath(config)));
  return listed.some(({ config }) => configs.has(config));
}

/** The entry as a build writes it; undefined for an image that docker's classic store rejects. */
async function expectedEntry(
  layout: Layout,
  manifest: ImageManifest,
  tags: readonly string[],
): Promise<string | undefined> {
  if (layout.sizeOf(manifest.config) === undefined) return undefined;
  const config = await layout.blob(manifest.config);
  const { diffIds } = parseConfig(config, { path: layout.path, digest: manifest.config.digest });
  if (diffIds.length !== manifest.layers.length) return undefined;
  return JSON.stringify(dockerManifestEntry(manifest, diffIds, tags));
}

function duplicates(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))];
}
