import { planDelta } from '../bundle/delta-plan.ts';
import { StoredBundle } from '../bundle/stored-bundle.ts';
import { amountOf, type BlobAmount } from '../layout/blob-usage.ts';
import { OpenLayouts } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { checkOptions } from './check-options.ts';
import { type CopyBundleOptions, copyBundle, type WrittenBundle } from './copy-bundle.ts';

/** The options of {@link delta}. */
export interface DeltaOptions extends CopyBundleOptions, ObjectOptions {
  /** The paths or URLs of the older bundles: a layer is left out if all of them have it. */
  readonly bases: readonly string[];
  /** The path of the new bundle. */
  readonly new: string;
}

/** A delta that was written. Sizes are bytes. */
export interface DeltaResult extends WrittenBundle {
  /** The layers that it leaves to its base. */
  readonly missing: BlobAmount;
  /** The size of the complete bundle. */
  readonly fullSize: number;
}

/**
 * Writes a delta: the new bundle without the layers that the older ones have. Its documents, manifests and configs are
 * complete. `merge` makes the new bundle of it again, byte for byte.
 *
 * @throws AirgapError `USAGE`, `INPUT` when one of them cannot be read or NEW is not a bundle, `BUNDLE` or `CONTENT` when
 * NEW is damaged, `DISK`, `INTERRUPTED`
 * @example
 * await delta({ bases: ['app-1.0.tar'], new: 'app-1.1.tar', output: 'app-1.1.delta.tar' });
 */
export async function delta(options: DeltaOptions): Promise<DeltaResult> {
  checkOptions('delta', options, ['bases', 'new', 'output']);
  await using bases = await OpenLayouts.open(options.bases, options);
  await using full = await StoredBundle.open(options.new);
  if (full.layout.form === 'delta') throw isDelta(options.new);
  const { plan, recipe } = await planDelta(full, bases.layouts);
  const { layout, order, index } = full;
  const copy = { plan, order, index, sources: [layout], bases: bases.layouts };
  const written = await copyBundle(copy, options);
  return { ...written, missing: amountOf(recipe.missing), fullSize: recipe.full.size };
}

function isDelta(path: string): AirgapError {
  return new AirgapError('INPUT', 'the new bundle is a delta itself', {
    where: { path },
    hint: 'Make the complete bundle of it first, with airgap merge.',
  });
}
