import { inspect } from '@airgap/core';
import { Command } from '@commander-js/extra-typings';
import { jsonOption } from '../options/shared.ts';
import { renderInspection } from '../render/inspection.ts';
import { print, printJson, type Session } from '../session.ts';

export function inspectCommand(session: Session) {
  return new Command('inspect')
    .description('show what is in a bundle, and what shares what')
    .argument('<bundle>', 'the bundle')
    .addOption(jsonOption)
    .addHelpText('after', '\nExample:\n  airgap inspect bundle.tar\n')
    .action(async (bundle, flags) => {
      session.json = flags.json === true;
      const result = await inspect({ bundle });
      if (session.json) printJson(result);
      else print(renderInspection(result));
    });
}
