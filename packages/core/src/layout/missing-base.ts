import { basename } from 'node:path';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import { digestOf } from '../oci/digest.ts';
import { amountOf, type BlobAmount } from './blob-usage.ts';
import type { BundleIdentity, MissingBlob } from './delta-recipe.ts';
import type { Layout } from './layout.ts';

/** A layer that neither a delta nor its base has, and the images that need it. */
export interface NeededBlob extends MissingBlob {
  readonly images: readonly string[];
}

/** The largest number of layers that an error lists. */
const MAX_LISTED = 10;

/**
 * The error for a delta that cannot be used without its base.
 *
 * @param blobs what is missing; at least one
 * @param place what lacks it, for example `registry.local:5000 does not have them`
 */
export function missingBase(layout: Layout, blobs: readonly NeededBlob[], place: string): AirgapError {
  const { path } = layout;
  const layers = formatLayers(amountOf(blobs));
  const are = blobs.length === 1 ? 'is' : 'are';
  const details = blobs.slice(0, MAX_LISTED).map(({ digest, size, images }) => {
    const message = `missing layer of ${formatBytes(size)}`;
    return new AirgapError('INPUT', message, { where: { digest, image: images.join(', ') } });
  });
  return new AirgapError('INPUT', `${basename(path)} is a delta: ${layers} ${are} not in it, and ${place}`, {
    where: { path },
    details,
    hint: `Load ${formatBases(layout)} first, or pass it as the base with --base.`,
  });
}

/**
 * The error for bases that lack what a delta needs.
 *
 * @param bases the given ones; at least one
 */
export async function wrongBase(
  layout: Layout,
  bases: readonly Layout[],
  blobs: readonly MissingBlob[],
): Promise<AirgapError> {
  const names = bases.map(({ path }) => basename(path)).join(', ');
  const indexes = await Promise.all(
    bases.map(async base => digestOf(await base.documentBytes('index.json'))),
  );
  const subject =
    bases.length === 1 ? `${names} is not what this delta was made against: it lacks` : `${names} lack`;
  const identities = `made against ${formatBases(layout)}, got ${indexes.join(', ')}`;
  return new AirgapError('INPUT', `${subject} ${formatLayers(amountOf(blobs))}; ${identities}`, {
    where: { path: layout.path },
    hint: 'Pass the bundles that have the missing layers.',
  });
}

/** Formats a number of layers: `2 layers (33.2 MB)`. */
export function formatLayers({ blobs, bytes }: BlobAmount): string {
  return `${blobs} ${blobs === 1 ? 'layer' : 'layers'} (${formatBytes(bytes)})`;
}

/** Formats what a delta was made against: `the bundle sha256:… (38.2 MB)`. */
export function formatBases({ recipe }: Layout): string {
  const identities = (recipe?.base ?? []).map(formatIdentity);
  return `the bundle ${identities.join(' or ')}`;
}

function formatIdentity({ index, size }: BundleIdentity): string {
  return `${index} (${formatBytes(size)})`;
}
