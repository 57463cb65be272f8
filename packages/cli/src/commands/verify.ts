import { verify } from '@airgap/core';
import { Command } from '@commander-js/extra-typings';
import { jsonOption, progressOption } from '../options/shared.ts';
import { formatBytes } from '../render/bytes.ts';
import { printable } from '../render/printable.ts';
import { openReporter } from '../reporters/index.ts';
import { print, printJson, type Session } from '../session.ts';

export function verifyCommand(session: Session) {
  return new Command('verify')
    .description('check every digest and every reference of a bundle, in place')
    .argument('<bundle>', 'the bundle')
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', '\nExample:\n  airgap verify bundle.tar && echo whole\n')
    .action(async (bundle, flags) => {
      session.json = flags.json === true;
      const reporter = openReporter(flags.progress, session);
      const result = await verify({ bundle, signal: session.signal, onEvent: reporter.onEvent }).finally(() =>
        reporter.close(),
      );
      session.status = result.problems.length > 0 ? 1 : 0;
      if (session.json) return printJson(result);
      for (const { message, entry, offset } of result.problems) {
        const place = [entry, offset === undefined ? undefined : `at byte ${offset}`]
          .filter(Boolean)
          .join(' ');
        print(
          `${session.out.red('problem')}: ${printable(message)}${place ? `  (${printable(place)})` : ''}\n`,
        );
      }
      const verdict = result.problems.length > 0 ? session.out.red('damaged') : session.out.green('whole');
      print(
        `${printable(result.path)}: ${verdict}: ${result.images.length} names, ${result.blobs} blobs, ${formatBytes(result.bytes)}\n`,
      );
    });
}
