import { join } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption, progressOption } from '../options/display.ts';
import { checksumsOption, signOption, sumsOptions } from '../options/signing.ts';
import { renderWritten } from '../render/written.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
All parts must be in one folder. Every blob is verified on the way. No other command needs the joined
file: verify, inspect, diff, load and serve read parts.

Examples:
  airgap join bundle.tar.001
  airgap join /media/usb/bundle.tar.001 -o bundle.tar
`;

export function joinCommand(command: Command, session: Session) {
  return command
    .argument('<part>', 'the first part, FILE.001')
    .option('-o, --output <bundle>', 'output file (default: the name of the part without its number)')
    .addOption(checksumsOption)
    .addOption(signOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (part, { output, progress, json, ...sums }) => {
      session.json = json === true;
      const { onEvent, close } = openReporter(progress, session);
      const result = await join({
        part,
        output,
        ...sumsOptions(sums, session),
        signal: session.signal,
        onEvent,
      }).finally(close);
      if (session.json) printJson(result, session);
      else stdout(renderWritten(result), session);
    });
}
