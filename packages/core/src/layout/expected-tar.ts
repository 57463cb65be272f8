import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest } from '../oci/manifest.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { placeEntries, type TarInput, type TarPlaces } from '../tar/plan.ts';
import { type PlacedEntry, walkTar } from '../tar/walk.ts';
import { BlobOrder } from './blob-order.ts';
import { deltaInputs, parseRecipe, RECIPE } from './delta-recipe.ts';
import { blobPath, DOCUMENTS } from './documents.ts';
import { Layout } from './layout.ts';
import { TarFiles } from './tar-files.ts';
import { rethrow, walkManifests } from './walk.ts';

/** What a tar must consist of. */
export interface ExpectedTar extends TarPlaces {
  /** Of every entry, in seconds since 1970. */
  readonly mtime: number;
}

/**
 * The tar that begins with these bytes: the index and the manifests at the beginning of a bundle lead to every header and
 * offset, and so does the recipe of a delta.
 *
 * @returns undefined when they are not the beginning of a bundle, or do not hold all manifests
 */
export async function expectedTar(start: RandomAccess): Promise<ExpectedTar | undefined> {
  const entries = await entriesIn(start);
  const [first] = entries.values();
  if (first === undefined) return undefined;
  const layout = new Layout(new TarFiles(start, { form: 'bundle', entries }));
  try {
    const inputs = entries.has(RECIPE) ? await inputsOfDelta(layout) : await inputsOfBundle(layout);
    return { ...placeEntries(inputs), mtime: first.mtime };
  } catch (error) {
    if (error instanceof AirgapError) return undefined;
    throw error;
  }
}

/** The entries that lie completely in the bytes. */
export async function entriesIn(start: RandomAccess): Promise<Map<string, PlacedEntry>> {
  const entries = new Map<string, PlacedEntry>();
  try {
    for await (const entry of walkTar(start)) entries.set(entry.name, entry);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
  }
  return entries;
}

async function inputsOfDelta(layout: Layout): Promise<TarInput[]> {
  const bytes = await layout.documentBytes(RECIPE);
  return deltaInputs(parseRecipe(bytes, layout.path), bytes.length);
}

async function inputsOfBundle(layout: Layout): Promise<TarInput[]> {
  const order = new BlobOrder();
  const sizes = new Map(DOCUMENTS.map(name => [name, layout.entries.get(name)?.size ?? 0]));
  const seen = new Set<Digest>();
  for (const { descriptor: root } of await layout.names()) {
    for await (const { descriptor, manifest } of walkManifests(layout, root, rethrow, seen)) {
      order.add(descriptor, manifest);
      sizes.set(blobPath(descriptor), descriptor.size);
      for (const blob of blobsOfManifest(manifest)) sizes.set(blobPath(blob), blob.size);
    }
  }
  return order
    .sort([...sizes.keys()])
    .map(name => ({ name, size: sizes.get(name) ?? 0, content: undefined }));
}
