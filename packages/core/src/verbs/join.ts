import { StoredBundle } from '../bundle/stored-bundle.ts';
import { findParts } from '../layout/parts.ts';
import { AirgapError } from '../model/errors.ts';
import { checkOptions } from './check-options.ts';
import { type CopyBundleOptions, copyBundle, type WrittenBundle } from './copy-bundle.ts';

/** The options of {@link join}. */
export interface JoinOptions extends Omit<CopyBundleOptions, 'output' | 'split'> {
  /** The path of the first part, `bundle.tar.001`. */
  readonly part: string;
  /** The path to write. Default: that of the first part without its number. */
  readonly output?: string | undefined;
}

/**
 * Joins the parts of a bundle to one file, and verifies it on the way. No other verb needs that: all of them read parts.
 *
 * @throws AirgapError `INPUT` when there are no parts, `BUNDLE` when parts are missing or wrong, `CONTENT` when they are
 * damaged, `DISK`, `INTERRUPTED`
 * @example
 * await join({ part: '/media/usb/bundle.tar.001', output: 'bundle.tar' });
 */
export async function join(options: JoinOptions): Promise<WrittenBundle> {
  checkOptions('join', options, ['part']);
  const { part, output, ...rest } = options;
  const parts = await findParts(part);
  if (parts === undefined)
    throw new AirgapError('INPUT', 'not a part of a bundle', {
      where: { path: part },
      hint: 'Pass the first part, which ends with .001.',
    });
  await using stored = await StoredBundle.open(part);
  const { layout, plan, order, index } = stored;
  return await copyBundle(
    { plan, order, index, sources: [layout] },
    { ...rest, output: output ?? parts.path },
  );
}
