import { lint } from '@airgap/core';
import { Command, Option } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import {
  appOption,
  configOption,
  jsonOption,
  registryOption,
  SPEC_HELP,
  specOptions,
} from '../options/shared.ts';
import { count } from '../render/count.ts';
import { renderFinding, renderSummary } from '../render/finding.ts';
import { print, printJson, type Session } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap lint app.yaml manifests/
  airgap lint app.yaml --format json | jq .findings
  helm template chart/ | airgap lint app.yaml -
`;

export function lintCommand(session: Session) {
  return new Command('lint')
    .description('say what in the specs will break behind the gap')
    .argument('<spec...>', SPEC_HELP)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(
      new Option('--format <format>', 'how to print findings')
        .choices(['pretty', 'json'] as const)
        .default('pretty' as const),
    )
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const options = await specOptions(specs, flags, await readConfig(flags.config), session.signal);
      const { findings, sources, images } = await lint(options);
      session.status = findings.length > 0 ? 1 : 0;
      if (session.json) return printJson({ findings, images }, session);
      for (const finding of findings) print(`${renderFinding(finding, sources, session.out)}\n`, session);
      print(`${renderSummary(findings)} in ${count(images, 'image')}\n`, session);
    });
}
