import { inspect } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption } from '../options/display.ts';
import { baseOption } from '../options/transport.ts';
import { renderInspection } from '../render/inspection.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap inspect bundle.tar
  airgap inspect bundle.tar --json | jq -r '.images[].name'
`;

export function inspectCommand(command: Command, session: Session) {
  return command
    .argument('<bundle>', 'bundle file, first part, delta or OCI layout')
    .addOption(baseOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, flags) => {
      session.json = flags.json === true;
      const result = await inspect({ bundle, base: flags.base });
      if (session.json) printJson(result, session);
      else stdout(renderInspection(result), session);
    });
}
