import { split } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption, progressOption } from '../options/display.ts';
import { checksumsOption, signOption, sumsOptions } from '../options/signing.ts';
import { splitOption } from '../options/transport.ts';
import { renderWritten } from '../render/written.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
Every command that takes a bundle takes its first part. "cat bundle.tar.[0-9]* > bundle.tar", or on
Windows "copy /b bundle.tar.001+bundle.tar.002 bundle.tar", makes the same bundle.

Examples:
  airgap split bundle.tar --split fat32
  airgap split bundle.tar --split dvd -o /media/usb/bundle.tar
  airgap verify /media/usb/bundle.tar.001
`;

export function splitCommand(command: Command, session: Session) {
  return command
    .argument('<bundle>', 'bundle or delta')
    .addOption(splitOption().makeOptionMandatory())
    .option('-o, --output <path>', 'the path that the parts add .001 to (default: that of the bundle)')
    .addOption(checksumsOption)
    .addOption(signOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (bundle, { split: size, output, progress, json, ...sums }) => {
      session.json = json === true;
      const { onEvent, close } = openReporter(progress, session);
      const { signal } = session;
      const result = await split({
        bundle,
        split: size,
        output,
        ...sumsOptions(sums, session),
        signal,
        onEvent,
      }).finally(close);
      if (session.json) printJson(result, session);
      else stdout(renderWritten(result), session);
    });
}
