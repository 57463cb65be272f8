import { isAtLeast, lint, SEVERITIES } from '@airgap/core';
import { Command, Option } from '@commander-js/extra-typings';
import {
  appOption,
  configOption,
  imagePathOption,
  jsonOption,
  registryOption,
  SPEC_HELP,
  specOptions,
} from '../options/shared.ts';
import { LINT_FORMATS, renderReport } from '../render/report.ts';
import { print, type Session } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap lint app.yaml manifests/
  airgap lint app.yaml --format json | jq .findings
  airgap lint app.yaml manifests/ --format sarif --fail-on error > airgap.sarif
  helm template chart/ | airgap lint app.yaml -
`;

export function lintCommand(session: Session) {
  return new Command('lint')
    .description('say what in the specs will break behind the gap')
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
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      const format = flags.json ? 'json' : flags.format;
      session.json = format === 'json';
      const options = await specOptions(specs, flags, session.signal);
      const result = await lint(options);
      session.status = result.findings.some(({ severity }) => isAtLeast(severity, flags.failOn)) ? 1 : 0;
      print(renderReport(format, result, { colors: session.out, folder: process.cwd() }), session);
    });
}
