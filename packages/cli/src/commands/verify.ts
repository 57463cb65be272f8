import { type VerifyOptions, type VerifyResult, verify } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption, progressOption } from '../options/display.ts';
import { renderVerification } from '../render/verification.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap verify bundle.tar && airgap load bundle.tar registry.local:5000
  ssh host cat bundle.tar | airgap verify -
`;

export function verifyCommand(command: Command, session: Session) {
  return command
    .argument('<bundle...>', 'bundle files, OCI layouts, or - for stdin')
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundles, flags) => {
      session.json = flags.json === true;
      const { onEvent, close } = openReporter(flags.progress, session);
      const results: VerifyResult[] = [];
      try {
        for (const bundle of bundles)
          results.push(await verifyOne(bundle, { signal: session.signal, onEvent }));
      } finally {
        close();
      }
      session.status = results.some(({ problems }) => problems.length > 0) ? 1 : 0;
      // One bundle prints its result as before; several print a list.
      if (session.json) printJson(results.length === 1 ? results[0] : results, session);
      else stdout(results.map(result => renderVerification(result, session.out)).join(''), session);
    });
}

function verifyOne(bundle: string, options: Omit<VerifyOptions, 'bundle'>): Promise<VerifyResult> {
  return verify({ ...options, bundle: bundle === '-' ? process.stdin : bundle });
}
