import { once } from 'node:events';
import { serve } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption } from '../options/display.ts';
import {
  listenOption,
  passwordFileOption,
  passwordStdinOption,
  servingOptions,
  tlsCertOption,
  tlsKeyOption,
  userOption,
} from '../options/serving.ts';
import { publicKeyOption } from '../options/signing.ts';
import { baseOption } from '../options/transport.ts';
import { renderServing } from '../render/serving.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap serve bundle.tar
  airgap serve bundle-1.tar bundle-2.tar --listen 127.0.0.1:0 --quiet
  airgap serve bundle.tar --listen 0.0.0.0:5443 --tls-cert tls.crt --tls-key tls.key --user team --password-file password
  airgap serve app-1.1.delta.tar --base app-1.0.tar

--quiet does not log requests. Ctrl-C stops the server with exit status 0.
`;

export function serveCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle...>', 'bundles or their URLs to serve; if names collide, the first bundle wins')
    .addOption(baseOption)
    .addOption(listenOption)
    .addOption(tlsCertOption)
    .addOption(tlsKeyOption)
    .addOption(userOption)
    .addOption(passwordFileOption)
    .addOption(publicKeyOption)
    .addOption(passwordStdinOption);
  return connectionFlags(flagged)
    .addOption(concurrencyOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundles, flags) => {
      session.json = flags.json === true;
      const { signal } = session;
      const reporter = openReporter('plain', session);
      const remote = await remoteOptions(flags, session.environment);
      const options = { ...remote, ...(await servingOptions(flags, session)) };
      const { onEvent } = reporter;
      const { base, publicKey } = flags;
      await using serving = await serve({ ...options, bundles, base, publicKey, signal, onEvent });
      if (session.json) printJson(serving, session);
      else stdout(renderServing(serving), session);
      if (!signal.aborted) await once(signal, 'abort');
    });
}
