import { AirgapError, fix, isAtLeast, lint, SEVERITIES } from '@airgap/core';
import { type Command, Help, Option } from '@commander-js/extra-typings';
import { readOfflineConfig } from '../options/config.ts';
import { type InputFlags, inputOptions } from '../options/inputs.ts';
import { renderDiff, renderFixes } from '../render/fixes.ts';
import { LINT_FORMATS, type LintFormat, type LintReport, renderReport } from '../render/report.ts';
import { type Session, stderr, stdout } from '../session.ts';
import { type CommonFlags, remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap lint app.yaml manifests/
  airgap lint app.yaml --format json | jq .findings
  airgap lint app.yaml manifests/ --format sarif --fail-on error > airgap.sarif
  airgap lint app.yaml manifests/ --fix --dry-run
  airgap lint app.yaml --app my-app --online
  helm template chart/ | airgap lint app.yaml -

"airgap lint --online --help" also lists the flags for registries.
`;

/** Flags that have an effect only with `--online`; without it, `--help` does not list them. */
const ONLINE_FLAGS: ReadonlySet<string | undefined> = new Set([
  '--ca',
  '--cert',
  '--concurrency',
  '--from',
  '--insecure',
  '--key',
  '--license',
  '--mirror',
  '--plain-http',
  '--platform',
  '--progress',
  '--timeout',
  '--via-proxy',
]);

export function lintCommand(command: Command, session: Session) {
  return remoteFlags(command)
    .configureHelp({
      visibleOptions: lint =>
        new Help()
          .visibleOptions(lint)
          .filter(({ long }) => lint.opts().online === true || !ONLINE_FLAGS.has(long)),
    })
    .addOption(
      new Option('--format <format>', 'output format of the findings')
        .choices(LINT_FORMATS)
        .default('pretty' as const),
    )
    .addOption(
      new Option('--fail-on <severity>', 'lowest severity that sets exit status 1')
        .choices(SEVERITIES)
        .default('warning' as const),
    )
    .option('--online', 'also query the registries: does each image exist, and can it be bundled')
    .option('--fix', 'apply safe fixes; report what remains')
    .option('--dry-run', 'with --fix: show the changes as a diff without writing them')
    .addHelpText('after', EXAMPLES)
    .action(async (inputs, flags) => {
      const format = flags.json ? 'json' : flags.format;
      session.json = format === 'json';
      checkFlags(inputs, format, flags);
      const result = await report(inputs, format, flags, session);
      if (result.findings.some(({ severity }) => isAtLeast(severity, flags.failOn))) session.status = 1;
      if (flags.dryRun && format === 'pretty') return;
      stdout(renderReport(format, result, { colors: session.out, folder: process.cwd() }), session);
    });
}

interface LintFlags {
  readonly online?: true | undefined;
  readonly fix?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** @throws AirgapError `USAGE` for flags that cannot be combined */
function checkFlags(inputs: readonly string[], format: LintFormat, flags: LintFlags): void {
  const { online, fix, dryRun } = flags;
  if (dryRun && !fix)
    throw new AirgapError('USAGE', '--dry-run requires --fix', {
      hint: 'Add --fix, or remove --dry-run.',
    });
  if (dryRun && format !== 'pretty' && format !== 'json')
    throw new AirgapError('USAGE', `--format ${format} does not support --dry-run`, {
      hint: 'Remove --format, or use --format json.',
    });
  if (fix && online)
    throw new AirgapError('USAGE', '--fix and --online cannot be combined', {
      hint: 'Run --fix first, then --online.',
    });
  // Fail before standard input is read.
  if (fix && inputs.includes('-'))
    throw new AirgapError('USAGE', 'standard input cannot be fixed', { hint: 'Pass the files by name.' });
}

async function report(
  inputs: readonly string[],
  format: LintFormat,
  flags: LintFlags & CommonFlags,
  session: Session,
): Promise<LintReport> {
  if (flags.fix) return runFix(inputs, format, flags, session);
  if (flags.online) return runOnline(inputs, format, flags, session);
  const config = await readOfflineConfig(flags.config, session.environment);
  return lint(await inputOptions(inputs, flags, config, session));
}

/** Does not print findings as they arrive: the report contains all of them. */
function runOnline(
  inputs: readonly string[],
  format: LintFormat,
  flags: CommonFlags,
  session: Session,
): Promise<LintReport> {
  const json = format === 'json' || undefined;
  return runRemote(session, inputs, { ...flags, json }, ({ onEvent, ...options }) =>
    lint({
      ...options,
      online: options,
      onEvent: event => {
        if (event.type !== 'finding') onEvent(event);
      },
    }),
  );
}

/** Fixes the files. The list of fixes goes into the result for `pretty` and `json`, and to stderr otherwise. */
async function runFix(
  inputs: readonly string[],
  format: LintFormat,
  flags: LintFlags & InputFlags,
  session: Session,
): Promise<LintReport> {
  const dryRun = flags.dryRun === true;
  const config = await readOfflineConfig(flags.config, session.environment);
  const options = await inputOptions(inputs, flags, config, session);
  const { files, fixed, ...rest } = await fix({ ...options, dryRun });
  const diffs = files.map(file => ({ file: file.file, diff: renderDiff(file) }));
  if (dryRun && files.length > 0) session.status = 1;
  if (dryRun && format === 'pretty') stdout(diffs.map(({ diff }) => diff).join(''), session);
  if (format === 'json') return { ...rest, fixed, files: diffs };
  const summary = renderFixes(fixed, dryRun, session.out);
  if (format === 'pretty' && !dryRun) stdout(summary, session);
  else stderr(summary);
  return rest;
}
