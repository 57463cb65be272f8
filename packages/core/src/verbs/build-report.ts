import { diskError } from '../bundle/file/disk.ts';
import { replaceFile } from '../fs/replace-file.ts';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { openLayout } from '../layout/open-layout.ts';
import { isLock } from '../lock/is-lock.ts';
import { AirgapError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { checkOutput } from '../relocate/output-file.ts';
import { parsePartPath } from '../tar/parts.ts';
import type { BuildOptions } from './build.ts';
import { htmlReport } from './report.ts';

/** Checks what the report needs, before anything is transferred. @throws AirgapError `USAGE`, `DISK`, `INPUT` */
export async function checkReport(options: BuildOptions): Promise<void> {
  const { output, split, report, since } = options;
  if (since !== undefined && report === undefined)
    throw new AirgapError('USAGE', 'since has no effect without report', { hint: 'Pass report as well.' });
  if (report === undefined) return;
  if (typeof output !== 'string')
    throw new AirgapError('USAGE', 'a report cannot be written for a streamed bundle', {
      hint: 'Write the bundle to a file, or use airgap inspect --format html where it arrives.',
    });
  const target = await resolveExistingPath(report);
  const bundle = await resolveExistingPath(output);
  const isPart = split !== undefined && parsePartPath(target)?.path === bundle;
  if (target === bundle || isPart)
    throw new AirgapError('USAGE', `the report and the bundle use the same file: ${report}`, {
      hint: 'Choose another file for the report.',
    });
  await checkOutput(report);
  if (since === undefined) return;
  await using _older = await openLayout(since, options);
}

/** Writes the report of the bundle at a path. @throws AirgapError `DISK`, and the errors of the older bundle */
export async function writeReport(
  bundle: string,
  options: BuildOptions,
  findings: readonly Finding[],
): Promise<void> {
  const { report, deltaFrom = [] } = options;
  if (report === undefined) return;
  const locks = await Promise.all(deltaFrom.map(isLock));
  const base = deltaFrom.filter((_, at) => !locks[at]);
  const content = await htmlReport({ ...options, bundle, base, findings });
  await replaceFile(report, content).catch(cause => {
    throw diskError(cause, report, 'the report');
  });
}
