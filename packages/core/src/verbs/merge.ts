import { LayoutContents } from '../bundle/layout-contents.ts';
import { blobDigest } from '../layout/documents.ts';
import type { Layout } from '../layout/layout.ts';
import { wrongBase } from '../layout/missing-base.ts';
import { OpenLayouts, openLayout } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { digestOf } from '../oci/digest.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { planTar } from '../tar/plan.ts';
import { checkLayout } from '../verify/layout-check.ts';
import type { Problem } from '../verify/problem.ts';
import { checkOptions } from './check-options.ts';
import { type CopyBundleOptions, copyBundle, type WrittenBundle } from './copy-bundle.ts';

/** The options of {@link merge}. */
export interface MergeOptions extends CopyBundleOptions, ObjectOptions {
  /**
   * The paths of layouts that have what the delta lacks: the bundle that it was made against, or any others. A chain of
   * deltas is a bundle and all deltas but the last.
   */
  readonly bases: readonly string[];
  /** The path of the delta. */
  readonly delta: string;
}

/**
 * Makes the complete bundle of a delta, byte for byte what a build of it writes. Every blob is verified.
 *
 * @throws AirgapError `INPUT` when one of them cannot be read, the last is not a delta, or a layer is in none of them;
 * `BUNDLE` or `CONTENT` when one is damaged, `DISK`, `INTERRUPTED`
 * @example
 * await merge({ bases: ['app-1.0.tar'], delta: 'app-1.1.delta.tar', output: 'app-1.1.tar' });
 */
export async function merge(options: MergeOptions): Promise<WrittenBundle> {
  checkOptions('merge', options, ['bases', 'delta', 'output']);
  await using bases = await OpenLayouts.open(options.bases, options);
  await using delta = await openLayout(options.delta, options);
  const { entries, mtime, index } = fullOf(delta);
  await requireBlobs(delta, bases.layouts);
  await requireIntact(delta);
  await reportOtherBase(delta, bases.layouts, withTime(options.onEvent));
  const contents = await LayoutContents.read(delta);
  const inputs = await Promise.all(entries.map(([name, size]) => contents.input(name, size)));
  const copy = { plan: planTar(inputs, mtime), order: contents.order, index };
  return await copyBundle({ ...copy, sources: [delta, ...bases.layouts] }, options);
}

/** @throws AirgapError `INPUT` when the layout is not a delta */
function fullOf({ recipe, path }: Layout) {
  if (recipe) return recipe.full;
  throw new AirgapError('INPUT', 'not a delta', {
    where: { path },
    hint: 'Pass the bundles first and the delta last.',
  });
}

/** Checks that some base has each layer before anything is written. @throws AirgapError `INPUT` */
async function requireBlobs(delta: Layout, bases: readonly Layout[]): Promise<void> {
  const unavailable = [...delta.absent.values()].flatMap(({ name, size }) => {
    const digest = blobDigest(name);
    return digest && !bases.some(base => base.contains({ digest, size })) ? [{ digest, size }] : [];
  });
  if (unavailable.length > 0) throw await wrongBase(delta, bases, unavailable);
}

/** No digest of a blob covers the documents, but what they say is known. @throws AirgapError `BUNDLE` */
async function requireIntact(delta: Layout): Promise<void> {
  const problems: Problem[] = [];
  await checkLayout(delta, problems);
  const [first] = problems;
  if (first === undefined) return;
  throw new AirgapError(
    'BUNDLE',
    `invalid or incomplete delta: ${first.entry ?? 'the tar'}: ${first.message}`,
    {
      where: { path: delta.path },
      hint: 'Run airgap verify to list all problems, then fetch the delta again.',
    },
  );
}

/** Another bundle than that of the recipe may have the layers, but the user should know. */
async function reportOtherBase(
  { recipe }: Layout,
  bases: readonly Layout[],
  onEvent: OnEvent | undefined,
): Promise<void> {
  if (recipe === undefined || recipe.missing.length === 0) return;
  const expected = new Set<string>(recipe.base.map(({ index }) => index));
  const indexes = await Promise.all(
    bases.map(async base => digestOf(await base.documentBytes('index.json'))),
  );
  if (indexes.some(index => expected.has(index))) return;
  const message = `the delta was made against ${[...expected].join(' or ')}, not against ${indexes.join(', ')}, which has its layers, too`;
  onEvent?.({ type: 'notice', message });
}
