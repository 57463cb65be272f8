import type { BlobOrder } from '../layout/blob-order.ts';
import { type BundleIdentity, type DeltaRecipe, formatRecipe, RECIPE } from '../layout/delta-recipe.ts';
import { blobDigest } from '../layout/documents.ts';
import type { Layout } from '../layout/layout.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { placeEntries, planTar, type TarInput } from '../tar/plan.ts';
import type { BundleEntry, BundleInput, BundlePlan } from './entry-content.ts';

/** A planned delta. */
export interface DeltaPlan {
  readonly recipe: DeltaRecipe;
  readonly plan: BundlePlan;
}

/** The complete bundle of a delta. */
export interface FullBundle {
  readonly plan: BundlePlan;
  readonly order: BlobOrder;
  /** The digest of its `index.json`. */
  readonly index: Digest;
}

/** Plans a delta: the complete bundle without the layers that every base has, after the recipe to put them back. */
export async function planDelta(
  { plan, order, index }: FullBundle,
  bases: readonly Layout[],
): Promise<DeltaPlan> {
  const isLeftOut = ({ name, size }: BundleEntry): boolean => {
    const digest = blobDigest(name);
    if (digest === undefined || order.kindOf(name) !== 'layer') return false;
    return bases.every(base => base.contains({ digest, size }) || base.expects({ digest, size }));
  };
  const missing = plan.entries.filter(isLeftOut);
  const recipe: DeltaRecipe = {
    base: await Promise.all(bases.map(identityOf)),
    full: {
      index,
      size: plan.size,
      mtime: plan.mtime,
      entries: plan.entries.map(({ name, size }) => [name, size]),
    },
    missing: missing.flatMap(({ name, size }) => {
      const digest = blobDigest(name);
      return digest ? { digest, size } : [];
    }),
  };
  const bytes = formatRecipe(recipe);
  const first: BundleInput = { name: RECIPE, size: bytes.length, content: { bytes } };
  const left = new Set<BundleInput>(missing);
  return { recipe, plan: planTar([first, ...plan.entries.filter(entry => !left.has(entry))], plan.mtime) };
}

/** A base by the digest of its index, and the size of its tar. That of a delta is the size of its complete bundle. */
async function identityOf(base: Layout): Promise<BundleIdentity> {
  const index = digestOf(await base.documentBytes('index.json'));
  if (base.form !== 'delta') return { index, size: base.size };
  const entries = [...base.entries.values(), ...base.absent.values()];
  const inputs = entries.map(({ name, size }): TarInput => ({ name, size, content: undefined }));
  return { index, size: placeEntries(inputs).size };
}
