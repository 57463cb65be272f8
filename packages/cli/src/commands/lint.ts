import { lint } from '@airgap/core';
import { Command, Option } from '@commander-js/extra-typings';
import { appOption, configOption, jsonOption, registryOption, specOptions } from '../options/shared.ts';
import { renderFinding, renderSummary } from '../render/finding.ts';
import { print, printJson, type Session } from '../session.ts';

export function lintCommand(session: Session) {
  return new Command('lint')
    .description('say what in the specs will break behind the gap')
    .argument('<spec...>', 'files, directories, or - for standard input')
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(
      new Option('--format <format>', 'how to print findings')
        .choices(['pretty', 'json'] as const)
        .default('pretty' as const),
    )
    .addOption(jsonOption)
    .addHelpText(
      'after',
      '\nExamples:\n  airgap lint app.yaml manifests/\n  airgap lint app.yaml --format json | jq .findings\n',
    )
    .action(async (specs, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const { findings, sources, images } = await lint(await specOptions(specs, flags as never));
      if (session.json) printJson({ findings, images });
      else {
        for (const finding of findings) print(`${renderFinding(finding, sources, session.out)}\n`);
        print(`${renderSummary(findings)} in ${images} images\n`);
      }
      session.status = findings.length > 0 ? 1 : 0;
    });
}
