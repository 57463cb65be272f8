import { AirgapError, delta } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import { checksumsOption, signOption, sumsOptions } from '../options/signing.ts';
import { splitOption } from '../options/transport.ts';
import { renderDelta } from '../render/written.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
A delta is the new bundle without the layers that the old ones have; with several old bundles, that all
of them have. "airgap build --delta-from OLD" writes one directly, and downloads only what is in it.

Examples:
  airgap delta app-1.0.tar app-1.1.tar
  airgap delta app-1.0.tar app-1.1.tar app-1.2.tar -o app-1.2.delta.tar
  airgap load app-1.1.delta.tar registry.local:5000
  airgap merge app-1.0.tar app-1.1.delta.tar -o app-1.1.tar
`;

export function deltaCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle...>', 'older bundles or their URLs, then the new one')
    .option('-o, --output <delta>', 'output file (default: the name of the new bundle with .delta.tar)')
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
      const full = bundles.at(-1) ?? '';
      if (bases.length === 0)
        throw new AirgapError('USAGE', 'a delta needs an older and a newer bundle', {
          hint: 'Pass the older bundle first: airgap delta OLD NEW.',
        });
      const { onEvent, close } = openReporter(progress, session);
      const remote = await remoteOptions(flags, session.environment);
      const written = { output: output ?? deltaName(full), split, ...sumsOptions(flags, session) };
      const options = { ...remote, bases, new: full, ...written };
      const result = await delta({ ...options, signal: session.signal, onEvent }).finally(close);
      if (session.json) printJson(result, session);
      else stdout(renderDelta(result), session);
    });
}

/** `app-1.1.delta.tar` for `app-1.1.tar` and its first part: a delta must not look like a bundle. */
function deltaName(bundle: string): string {
  return `${bundle.replace(/(?:\.tar)?(?:\.001)?$/, '')}.delta.tar`;
}
