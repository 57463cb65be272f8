import { AirgapError, type FixOptions, fix, isAtLeast, lint, SEVERITIES } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import {
  appOption,
  configOption,
  imagePathOption,
  jsonOption,
  registryOption,
  SPEC_HELP,
  specOptions,
} from '../options/shared.ts';
import { renderDiff, renderMended } from '../render/fixes.ts';
import { LINT_FORMATS, type LintFormat, type LintReport, renderReport } from '../render/report.ts';
import { print, type Session, tell } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap lint app.yaml manifests/
  airgap lint app.yaml --format json | jq .findings
  airgap lint app.yaml manifests/ --format sarif --fail-on error > airgap.sarif
  airgap lint app.yaml manifests/ --fix --dry-run
  helm template chart/ | airgap lint app.yaml -
`;

export function lintCommand(command: Command, session: Session) {
  return command
    .argument('<spec...>', SPEC_HELP)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(imagePathOption)
    .addOption(
      new Option('--format <format>', 'how to print findings')
        .choices(LINT_FORMATS)
        .default('pretty' as const),
    )
    .addOption(
      new Option('--fail-on <severity>', 'what makes the exit status 1')
        .choices(SEVERITIES)
        .default('warning' as const),
    )
    .addOption(jsonOption)
    .option('--fix', 'mend in the files what is certain; findings are those that are left')
    .option('--dry-run', 'with --fix: write nothing, and show the changes as a diff')
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      const format = flags.json ? 'json' : flags.format;
      session.json = format === 'json';
      checkFlags(specs, format, flags);
      const options = await specOptions(specs, flags, await readConfig(flags.config), session.signal);
      const result = flags.fix
        ? await runFix({ ...options, dryRun: flags.dryRun }, format, session)
        : await lint(options);
      if (result.findings.some(({ severity }) => isAtLeast(severity, flags.failOn))) session.status = 1;
      if (flags.dryRun && format === 'pretty') return;
      print(renderReport(format, result, { colors: session.out, folder: process.cwd() }), session);
    });
}

interface FixFlags {
  readonly fix?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** @throws AirgapError `USAGE` for flags that make no sense together */
function checkFlags(specs: readonly string[], format: LintFormat, { fix, dryRun }: FixFlags): void {
  if (dryRun && !fix)
    throw new AirgapError('USAGE', '--dry-run is for --fix', {
      hint: 'Add --fix; without it nothing is written.',
    });
  if (dryRun && format !== 'pretty' && format !== 'json')
    throw new AirgapError('USAGE', `${format} cannot show what a dry run would change`, {
      hint: 'Leave --format out, or use --format json.',
    });
  // Said before anything is read: nobody should have to type a spec first.
  if (fix && specs.includes('-'))
    throw new AirgapError('USAGE', 'standard input cannot be fixed', { hint: 'Name the files themselves.' });
}

/** Fixes, and tells of it: in the result where a person or JSON has room for it, else beside it. */
async function runFix(options: FixOptions, format: LintFormat, session: Session): Promise<LintReport> {
  const { files, mended, ...rest } = await fix(options);
  const diffs = files.map(file => ({ file: file.file, diff: renderDiff(file) }));
  if (options.dryRun && files.length > 0) session.status = 1;
  if (options.dryRun && format === 'pretty') print(diffs.map(({ diff }) => diff).join(''), session);
  if (format === 'json') return { ...rest, mended, files: diffs };
  const told = renderMended(mended, options.dryRun === true, session.out);
  if (format === 'pretty' && !options.dryRun) print(told, session);
  else tell(told);
  return rest;
}
