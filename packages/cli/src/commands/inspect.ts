import { inspect } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { readSignaturePolicy } from '../options/config.ts';
import { jsonOption } from '../options/display.ts';
import { configOption } from '../options/inputs.ts';
import { renderInspection } from '../render/inspection.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap inspect bundle.tar
  airgap inspect bundle.tar --json | jq -r '.images[].name'
`;

export function inspectCommand(command: Command, session: Session) {
  return command
    .argument('<bundle>', 'bundle file or OCI layout')
    .addOption(configOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, flags) => {
      session.json = flags.json === true;
      const signatures = await readSignaturePolicy(flags.config, session.environment);
      const result = await inspect({ bundle, signatures });
      if (session.json) printJson(result, session);
      else stdout(renderInspection(result), session);
    });
}
