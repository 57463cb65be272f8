import { verify } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption, progressOption } from '../options/display.ts';
import { renderVerification } from '../render/verification.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Example:
  airgap verify bundle.tar && airgap load bundle.tar registry.local:5000
`;

export function verifyCommand(command: Command, session: Session) {
  return command
    .argument('<bundle>', 'bundle file')
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, flags) => {
      session.json = flags.json === true;
      const { onEvent, close } = openReporter(flags.progress, session);
      const result = await verify({ bundle, signal: session.signal, onEvent }).finally(close);
      session.status = result.problems.length > 0 ? 1 : 0;
      if (session.json) printJson(result, session);
      else stdout(renderVerification(result, session.out), session);
    });
}
