import { replaceText } from '../edit/replace-text.ts';
import { openReading } from '../input/read-input.ts';
import { type AppliedFix, type FixedFile, Fixer } from '../lint/fixes/fixer.ts';
import { fixes } from '../lint/fixes/index.ts';
import { runRules } from '../lint/lint-run.ts';
import { SpecIndex } from '../lint/rule-api/spec-index.ts';
import { AirgapError } from '../model/errors.ts';
import { checkOptions } from './check-options.ts';
import { type LintOptions, type LintResult, lintResult } from './lint.ts';

/** Options of `fix`. */
export interface FixOptions extends Omit<LintOptions, 'online' | 'onEvent'> {
  /** Compute the fixes but do not write any file. */
  readonly dryRun?: boolean | undefined;
}

/** The applied fixes; findings and sources are those of the fixed input. */
export interface FixResult extends LintResult {
  readonly fixed: readonly AppliedFix[];
  readonly files: readonly FixedFile[];
}

/**
 * Fixes the findings that have only one correct solution. Changes only the affected text; all other bytes stay the
 * same. A second run changes nothing.
 *
 * @throws AirgapError `USAGE` for an input that is not a file, `INPUT`, `DISK`
 */
export async function fix(options: FixOptions): Promise<FixResult> {
  checkOptions('fix', options, ['specs']);
  requireFiles(options.specs);
  const { locations = {}, rules } = options;
  const reading = await openReading(options);
  const fixer = new Fixer(reading, spec => runRules(spec, locations, rules), locations);
  for (const each of fixes) fixer.apply(each);
  const files = fixer.files();
  if (!options.dryRun) for (const { file, before, after } of files) await replaceText(file, before, after);
  const index = new SpecIndex(fixer.spec, locations);
  return { fixed: fixer.fixed(), files, ...lintResult(index, fixer.findings) };
}

function requireFiles(specs: FixOptions['specs']): void {
  const text = specs.find(spec => typeof spec !== 'string');
  if (!text) return;
  throw new AirgapError('USAGE', `cannot fix ${text.file}: not a file`, {
    where: { path: text.file },
    hint: 'Pass the files themselves.',
  });
}
