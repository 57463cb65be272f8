import { AirgapError, billOfMaterials, htmlReport, inspect } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { readSignaturePolicy } from '../options/config.ts';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption } from '../options/display.ts';
import { configOption } from '../options/inputs.ts';
import { baseOption } from '../options/transport.ts';
import { renderInspection } from '../render/inspection.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap inspect bundle.tar
  airgap inspect bundle.tar --json | jq -r '.images[].name'
  airgap inspect bundle.tar --format cyclonedx > bundle.cdx.json
  airgap inspect https://downloads.example.com/bundle.tar
  airgap inspect bundle.tar --format html --since older.tar > report.html
`;

const formatOption = new Option('--format <format>', 'output format; cyclonedx is 1.6, spdx is 2.3')
  .choices(['text', 'json', 'cyclonedx', 'spdx', 'html'] as const)
  .default('text' as const);

export function inspectCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle>', 'bundle file or URL, first part, delta or OCI layout')
    .addOption(baseOption)
    .addOption(formatOption)
    .option('--since <bundle>', 'with --format html: show what has changed since this bundle')
    .addOption(configOption);
  return connectionFlags(flagged)
    .addOption(concurrencyOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, { since, base, ...flags }) => {
      const format = flags.json ? 'json' : flags.format;
      session.json = format === 'json';
      if (since !== undefined && format !== 'html') throw needsHtml();
      const signatures = await readSignaturePolicy(flags.config, session.environment);
      const { onEvent } = openReporter('plain', session);
      const remote = { ...(await remoteOptions(flags, session.environment)), onEvent };
      const options = { ...remote, bundle, base, signal: session.signal };
      if (format === 'html') stdout(await htmlReport({ ...options, since, signatures }), session);
      else if (format === 'cyclonedx' || format === 'spdx')
        printJson(await billOfMaterials({ ...options, format }), session);
      else if (format === 'json') printJson(await inspect({ ...options, signatures }), session);
      else stdout(renderInspection(await inspect({ ...options, signatures })), session);
    });
}

function needsHtml(): AirgapError {
  return new AirgapError('USAGE', '--since requires --format html', {
    hint: 'Add --format html, or compare the bundles with airgap diff.',
  });
}
