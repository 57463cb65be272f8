import { sign } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { jsonOption } from '../options/display.ts';
import { repeated } from '../options/parsers.ts';
import { signOptions } from '../options/signing.ts';
import { renderSigning } from '../render/signing.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap sign bundle.tar --key cosign.key
  airgap sign bundle.tar --key cosign.key --also airgap-linux-x64 --also report.html

The password of an encrypted key is read from COSIGN_PASSWORD, or from the terminal.
`;

const alsoOption = new Option(
  '--also <file>',
  'list this file in the checksums as well (repeatable)',
).argParser(repeated);

export function signCommand(command: Command, session: Session) {
  return command
    .argument('<bundle>', 'bundle file or OCI layout')
    .requiredOption('--key <file>', 'private key: of cosign, PKCS #8, SEC 1 or PKCS #1')
    .addOption(alsoOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, { key, also, json }) => {
      session.json = json === true;
      const { signal } = session;
      const result = await sign({ bundle, also, signal, ...signOptions(key, session) });
      if (session.json) printJson(result, session);
      else stdout(renderSigning(result), session);
    });
}
