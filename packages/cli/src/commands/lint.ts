import { AirgapError, fix, isAtLeast, lint, SEVERITIES } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import { type SpecFlags, specOptions } from '../options/specs.ts';
import { renderDiff, renderFixes } from '../render/fixes.ts';
import { LINT_FORMATS, type LintFormat, type LintReport, renderReport } from '../render/report.ts';
import { print, type Session, tell } from '../session.ts';
import { type CommonFlags, remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap lint app.yaml manifests/
  airgap lint app.yaml --format json | jq .findings
  airgap lint app.yaml manifests/ --format sarif --fail-on error > airgap.sarif
  airgap lint app.yaml manifests/ --fix --dry-run
  airgap lint app.yaml --app my-app --online
  helm template chart/ | airgap lint app.yaml -
`;

export function lintCommand(command: Command, session: Session) {
  return remoteFlags(command)
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
    .option('--online', 'ask the registries, too: is each image there, and can it be carried')
    .option('--fix', 'mend in the files what is certain; findings are those that are left')
    .option('--dry-run', 'with --fix: write nothing, and show the changes as a diff')
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      const format = flags.json ? 'json' : flags.format;
      session.json = format === 'json';
      checkFlags(specs, format, flags);
      const result = await report(specs, format, flags, session);
      if (result.findings.some(({ severity }) => isAtLeast(severity, flags.failOn))) session.status = 1;
      if (flags.dryRun && format === 'pretty') return;
      print(renderReport(format, result, { colors: session.out, folder: process.cwd() }), session);
    });
}

interface LintFlags {
  readonly online?: true | undefined;
  readonly fix?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** @throws AirgapError `USAGE` for flags that make no sense together */
function checkFlags(specs: readonly string[], format: LintFormat, flags: LintFlags): void {
  const { online, fix, dryRun } = flags;
  if (dryRun && !fix)
    throw new AirgapError('USAGE', '--dry-run is for --fix', {
      hint: 'Add --fix; without it nothing is written.',
    });
  if (dryRun && format !== 'pretty' && format !== 'json')
    throw new AirgapError('USAGE', `${format} cannot show what a dry run would change`, {
      hint: 'Leave --format out, or use --format json.',
    });
  if (fix && online)
    throw new AirgapError('USAGE', '--fix does not ask the registries', {
      hint: 'Fix first, then run it with --online.',
    });
  // Said before anything is read: nobody should have to type a spec first.
  if (fix && specs.includes('-'))
    throw new AirgapError('USAGE', 'standard input cannot be fixed', { hint: 'Name the files themselves.' });
}

async function report(
  specs: readonly string[],
  format: LintFormat,
  flags: LintFlags & CommonFlags,
  session: Session,
): Promise<LintReport> {
  if (flags.fix) return runFix(specs, format, flags, session);
  if (flags.online) return runOnline(specs, format, flags, session);
  return lint(await specOptions(specs, flags, await readConfig(flags.config), session.signal));
}

/** Findings are not told as they come: the report has them all. */
function runOnline(
  specs: readonly string[],
  format: LintFormat,
  flags: CommonFlags,
  session: Session,
): Promise<LintReport> {
  const json = format === 'json' || undefined;
  return runRemote(session, specs, { ...flags, json }, ({ onEvent, ...options }) =>
    lint({
      ...options,
      online: options,
      onEvent: event => {
        if (event.type !== 'finding') onEvent(event);
      },
    }),
  );
}

/** Fixes, and tells of it: in the result where a person or JSON has room for it, else beside it. */
async function runFix(
  specs: readonly string[],
  format: LintFormat,
  flags: LintFlags & SpecFlags,
  session: Session,
): Promise<LintReport> {
  const dryRun = flags.dryRun === true;
  const options = await specOptions(specs, flags, await readConfig(flags.config), session.signal);
  const { files, fixed, ...rest } = await fix({ ...options, dryRun });
  const diffs = files.map(file => ({ file: file.file, diff: renderDiff(file) }));
  if (dryRun && files.length > 0) session.status = 1;
  if (dryRun && format === 'pretty') print(diffs.map(({ diff }) => diff).join(''), session);
  if (format === 'json') return { ...rest, fixed, files: diffs };
  const told = renderFixes(fixed, dryRun, session.out);
  if (format === 'pretty' && !dryRun) print(told, session);
  else tell(told);
  return rest;
}
