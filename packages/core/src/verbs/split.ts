import { StoredBundle } from '../bundle/stored-bundle.ts';
import { checkOptions } from './check-options.ts';
import { type CopyBundleOptions, copyBundle, type WrittenBundle } from './copy-bundle.ts';

/** The options of {@link split}. */
export interface SplitOptions extends Omit<CopyBundleOptions, 'output' | 'split'> {
  /** The path of a bundle or a delta. */
  readonly bundle: string;
  /** The size of the parts: `fat32`, `dvd`, `bd`, `cd`, or a size such as `4GiB`. */
  readonly split: string;
  /** The path that the parts add `.001` and so on to. Default: that of the bundle. */
  readonly output?: string | undefined;
}

/**
 * Copies a bundle into parts, and verifies it on the way. `cat` of the parts is the same bundle, byte for byte.
 *
 * @throws AirgapError `USAGE` for the size of the parts, `INPUT` when it is not a bundle, `BUNDLE` or `CONTENT` when it
 * is damaged, `DISK`, `INTERRUPTED`
 * @example
 * const { parts } = await split({ bundle: 'bundle.tar', split: 'fat32' });
 */
export async function split(options: SplitOptions): Promise<WrittenBundle> {
  checkOptions('split', options, ['bundle', 'split']);
  const { bundle, output = bundle, ...rest } = options;
  await using stored = await StoredBundle.open(bundle);
  const { layout, plan, order, index } = stored;
  return await copyBundle({ plan, order, index, sources: [layout] }, { ...rest, output });
}
