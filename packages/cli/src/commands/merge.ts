import { AirgapError, merge } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import { checksumsOption, signOption, sumsOptions } from '../options/signing.ts';
import { splitOption } from '../options/transport.ts';
import { renderWritten } from '../render/written.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
The result is the bundle that the delta was made of, byte for byte. Any bundles and OCI layouts that
have the missing layers will do; for a chain of deltas, pass all of them in one command.

Examples:
  airgap merge app-1.0.tar app-1.1.delta.tar -o app-1.1.tar
  airgap merge app-1.0.tar app-1.1.delta.tar app-1.2.delta.tar -o app-1.2.tar
`;

export function mergeCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle...>', 'bundles or URLs of those that have the missing layers, then the delta')
    .requiredOption('-o, --output <bundle>', 'output file')
    .addOption(splitOption());
  return connectionFlags(flagged)
    .addOption(concurrencyOption)
    .addOption(checksumsOption)
    .addOption(signOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (bundles, { output, split, progress, json, ...flags }) => {
      session.json = json === true;
      const bases = bundles.slice(0, -1);
      const delta = bundles.at(-1) ?? '';
      if (bases.length === 0)
        throw new AirgapError('USAGE', 'a merge needs a base and a delta', {
          hint: 'Pass the delta last: airgap merge BASE DELTA -o BUNDLE.',
        });
      const { onEvent, close } = openReporter(progress, session);
      const remote = await remoteOptions(flags, session.environment);
      const written = { output, split, ...sumsOptions(flags, session) };
      const options = { ...remote, bases, delta, ...written, signal: session.signal, onEvent };
      const result = await merge(options).finally(close);
      if (session.json) printJson(result, session);
      else stdout(renderWritten(result), session);
    });
}
