import { replaceText } from '../edit/replace-text.ts';
import { openReading } from '../input/read-input.ts';
import { type AppliedFix, type FixedFile, Fixer } from '../lint/fixes/fixer.ts';
import { fixes } from '../lint/fixes/index.ts';
import { runRules } from '../lint/lint-run.ts';
import { AirgapError } from '../model/errors.ts';
import { type LintOptions, type LintResult, lintResult } from './lint.ts';

export interface FixOptions extends Omit<LintOptions, 'online' | 'onEvent'> {
  /** Say what would be done, and write nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What was mended; findings and sources are those of the specs as they are after it. */
export interface FixResult extends LintResult {
  readonly fixed: readonly AppliedFix[];
  readonly files: readonly FixedFile[];
}

/**
 * Mends what the lint finds where the answer is certain. Only the pieces that are wrong are written anew: everything
 * else stays byte for byte. A second time there is nothing left to do.
 *
 * @throws AirgapError `USAGE` for a text that is no file, `INPUT`, `DISK`
 */
export async function fix(options: FixOptions): Promise<FixResult> {
  refuseTexts(options.specs);
  const { locations = {}, rules } = options;
  const reading = await openReading(options);
  const work = new Fixer(reading, spec => runRules(spec, locations, rules), locations);
  for (const one of fixes) work.make(one);
  const files = work.files();
  if (!options.dryRun) for (const { file, before, after } of files) await replaceText(file, before, after);
  return { fixed: work.fixed(), files, ...lintResult(work.spec, work.findings) };
}

function refuseTexts(specs: FixOptions['specs']): void {
  const text = specs.find(spec => typeof spec !== 'string');
  if (!text) return;
  throw new AirgapError('USAGE', `only files can be fixed, and ${text.file} is none`, {
    where: { path: text.file },
    hint: 'Name the files themselves.',
  });
}
