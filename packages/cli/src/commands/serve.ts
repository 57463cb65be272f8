import { once } from 'node:events';
import { type AirgapEvent, serve } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption } from '../options/display.ts';
import {
  listenOption,
  passwordFileOption,
  servingOptions,
  tlsCertOption,
  tlsKeyOption,
  userOption,
} from '../options/serving.ts';
import { publicKeyOption } from '../options/signing.ts';
import { renderServing } from '../render/serving.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap serve bundle.tar
  airgap serve bundle-1.tar bundle-2.tar --listen 127.0.0.1:0 --quiet
  airgap serve bundle.tar --listen 0.0.0.0:5443 --tls-cert tls.crt --tls-key tls.key --user team --password-file password

Ctrl-C stops the server with exit status 0.
`;

export function serveCommand(command: Command, session: Session) {
  return command
    .argument('<bundle...>', 'bundles to serve; if names collide, the first bundle wins')
    .addOption(listenOption)
    .addOption(tlsCertOption)
    .addOption(tlsKeyOption)
    .addOption(userOption)
    .addOption(passwordFileOption)
    .addOption(publicKeyOption)
    .option('-q, --quiet', 'do not log requests')
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundles, flags) => {
      session.json = flags.json === true;
      const { signal } = session;
      const reporter = openReporter('plain', session);
      const onEvent = (event: AirgapEvent) => {
        if (event.type !== 'served' || !flags.quiet) reporter.onEvent(event);
      };
      const options = await servingOptions(flags, session.environment);
      await using serving = await serve({ ...options, bundles, publicKey: flags.publicKey, signal, onEvent });
      if (session.json) printJson(serving, session);
      else stdout(renderServing(serving), session);
      if (!signal.aborted) await once(signal, 'abort');
    });
}
