import { parseLocalSource } from '../local/source-spec.ts';
import { AirgapError } from '../model/errors.ts';
import { isObjectUrl } from '../objects/s3/object-url.ts';
import { parseUploadPartSize } from '../objects/upload-tasks.ts';
import { parsePartSize } from '../tar/part-size.ts';
import type { BuildOptions } from './build.ts';
import { airgapInputs } from './build-airgap.ts';
import type { Output } from './build-output.ts';
import { checkNotInput } from './check-conflicts.ts';

const FILE_OPTIONS = ['split', 'checksums', 'sign', 'report'] as const;

/** What needs a file beside the bundle, or reads the bundle again. @throws AirgapError `USAGE` */
export function checkObjectOptions(options: BuildOptions): void {
  const isObject = typeof options.output === 'string' && isObjectUrl(options.output);
  if (!isObject && options.partSize !== undefined)
    throw new AirgapError('USAGE', 'build: partSize is the size of the parts of an upload', {
      hint: 'Use split for the parts of a file.',
    });
  const given =
    isObject && FILE_OPTIONS.find(option => options[option] !== undefined && options[option] !== false);
  if (!given) return;
  throw new AirgapError('USAGE', `build: ${given} needs a path as output, not an object`, {
    hint: 'Leave it out, or write the bundle to a file and upload that.',
  });
}

/** The size of the parts, in bytes. @throws AirgapError `USAGE`, also for the parts of a stream */
export function partSizeOf({ split, partSize, output }: BuildOptions): number | undefined {
  if (partSize !== undefined) return parseUploadPartSize(partSize);
  if (split === undefined) return undefined;
  if (typeof output === 'string') return parsePartSize(split);
  throw new AirgapError('USAGE', 'a stream cannot be split', { hint: 'Write to a file with -o.' });
}

/** A build may replace the bundles of `reuse`, but nothing else that it reads. @throws AirgapError `USAGE` */
export async function checkInputs(output: Output, options: BuildOptions): Promise<void> {
  if (typeof output !== 'string') return;
  const { specs = [], from = [], deltaFrom = [], since, split, report } = options;
  const sources = from.map(parseLocalSource);
  const inputs = [
    ...specs.filter(spec => typeof spec === 'string'),
    ...sources.flatMap(source => (source.kind === 'runtime' ? [] : source.path)),
    ...deltaFrom,
    ...(since === undefined ? [] : [since]),
    ...airgapInputs(options.kots),
  ];
  await checkNotInput(split === undefined ? output : `${output}.001`, inputs);
  if (report !== undefined) await checkNotInput(report, inputs);
}
