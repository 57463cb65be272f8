import { DEFAULT_LOCK, lock } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { lintOption } from '../options/display.ts';
import { referrersOption } from '../options/inputs.ts';
import { repeated } from '../options/parsers.ts';
import { renderLock } from '../render/lock.ts';
import { printJson, type Session, stdout } from '../session.ts';
import { remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap lock app.yaml --app my-app
  airgap lock app.yaml --app my-app --check
  airgap lock app.yaml --app my-app --update='quay.io/team/*'
  airgap build app.yaml --app my-app --locked -o bundle.tar
`;

const updateOption = new Option(
  '--update [pattern]',
  'renew the digests of all images, or of those whose name matches (repeatable)',
)
  .preset('*')
  .argParser(repeated);

export function lockCommand(command: Command, session: Session) {
  return remoteFlags(command)
    .option('-o, --output <file>', 'the lock', DEFAULT_LOCK)
    .option('--check', 'write nothing; exit status 1 if the input or the registries differ from the lock')
    .addOption(updateOption.conflicts('check'))
    .addOption(referrersOption)
    .addOption(lintOption)
    .addHelpText('after', EXAMPLES)
    .action(async (inputs, { output, check, update, ...flags }) => {
      const result = await runRemote(session, inputs, flags, options =>
        lock({ ...options, output, check, update }),
      );
      session.status = check && result.changes.length > 0 ? 1 : 0;
      if (session.json) printJson(result, session);
      else stdout(renderLock(result, check === true), session);
    });
}
