import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { BundlePlan } from '../bundle/entry-content.ts';
import { PlannedFiles } from '../bundle/planned-files.ts';
import { TransferTally } from '../bundle/transfer-tally.ts';
import type { WriteOptions } from '../bundle/write-bundle.ts';
import { Layout } from '../layout/layout.ts';
import { openLayout } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { isUrl } from '../model/path-or-url.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { BlobSource } from '../store/image-source.ts';
import type { BuildOptions, BuildResult } from './build.ts';
import { type AirgapInput, writeAirgap } from './write-airgap.ts';

/** The end of the name of KOTS's own bundle. */
const SUFFIX = '.airgap';

/** Whether a build writes KOTS's own bundle. @throws AirgapError `USAGE` for options that do not fit together */
export function writesAirgap({ output, split, deltaFrom = [], kots }: BuildOptions): boolean {
  const isAirgap = isAirgapPath(output);
  if (!isAirgap && kots !== undefined)
    throw usage('options for KOTS need an output that ends with .airgap', 'Write to a .airgap with -o.');
  if (isAirgap && split !== undefined)
    throw usage('a .airgap cannot be split: KOTS reads one file', 'Omit --split.');
  if (isAirgap && deltaFrom.length > 1)
    throw usage('a .airgap is a delta of one base', 'Pass --delta-from once.');
  if (kots?.omitUnchanged && deltaFrom.length === 0)
    throw usage('there is no base to compare with', 'Pass --delta-from with --omit-unchanged.');
  return isAirgap;
}

function isAirgapPath(output: string | Writable): boolean {
  return typeof output === 'string' && !isUrl(output) && output.endsWith(SUFFIX);
}

/** The files that a `.airgap` is made of, beside images. */
export function airgapInputs({ release, previous }: NonNullable<BuildOptions['kots']> = {}): string[] {
  return [release, previous].filter(path => path !== undefined);
}

/** Writes a planned bundle as a `.airgap`, in one pass. @throws AirgapError as {@link writeAirgap} */
export async function buildAirgap(
  path: string,
  plan: BundlePlan,
  { sourcesOf, onEvent, base }: Pick<WriteOptions, 'sourcesOf' | 'onEvent'> & Pick<AirgapInput, 'base'>,
  options: BuildOptions,
): Promise<Pick<BuildResult, 'path' | 'size' | 'digest' | 'transferred' | 'kots'>> {
  const { kots, locations, sourceDateEpoch, signal } = options;
  const planned = new PlannedFiles(plan, path);
  const layout = new Layout(planned);
  const tally = new TransferTally();
  const sources = (blob: Descriptor): readonly BlobSource[] => {
    const from = planned.source(blob);
    return from ? sourcesOf(from) : [layout];
  };
  const { size, ...written } = await writeAirgap(
    { layout, path, base, sourcesOf: sources, onBytes: countBlobs(tally, layout) },
    { app: locations?.app, ...kots, sourceDateEpoch, signal, onEvent },
  );
  const { downloaded, reused } = tally.total(0, 0);
  const transferred = tally.total(0, size - downloaded - reused);
  // It has an index of its own: that of the images which KOTS pushes.
  await using archive = await openLayout(path, { signal });
  const digest = digestOf(await archive.documentBytes('index.json'));
  return { path: resolve(path), size, digest, transferred, kots: written };
}

/** What is in memory already is not transferred. */
function countBlobs(tally: TransferTally, planned: Layout): TransferTally['add'] {
  return (source, bytes) => {
    if (source !== planned) tally.add(source, bytes);
  };
}

function usage(message: string, hint: string): AirgapError {
  return new AirgapError('USAGE', message, { hint });
}
