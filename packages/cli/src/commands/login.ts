import { AirgapError, login } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { connectionFlags, remoteOptions } from '../options/connection.ts';
import { readPasswordStdin } from '../options/credentials.ts';
import { jsonOption } from '../options/display.ts';
import { registryDomainOption } from '../options/inputs.ts';
import { prompt } from '../prompt.ts';
import { printable } from '../render/printable.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stderr, stdout } from '../session.ts';

const DETAILS = `
registry.replicated.com takes an e-mail with a user API token (recommended) or with the password of the
account, any username with a service account token, and a license ID as username and password.

Examples:
  airgap login registry.example.com
  airgap login docker.io -u me --password-stdin < token.txt
  airgap login registry.replicated.com -u me@example.com --password-stdin < api-token.txt
  airgap login registry.replicated.com -u ci --password-stdin < service-account.txt
`;

export function loginCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<registry>', 'registry host, with its port if any')
    .option('-u, --username <name>', 'username (default: prompt)')
    .option('--password-stdin', 'read the password from standard input')
    .addOption(registryDomainOption);
  return connectionFlags(flagged)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (registry, flags) => {
      session.json = flags.json === true;
      const { signal, environment } = session;
      const { onEvent } = openReporter('plain', session);
      const result = await login({
        ...(await remoteOptions(flags, environment)),
        ...(await readCredentials(flags, signal)),
        registry,
        registryDomain: flags.registryDomain,
        dockerConfig: environment.dockerConfig,
        onEvent,
        signal,
      });
      warn(result);
      if (session.json) printJson(result, session);
      else stdout(`logged in to ${printable(result.registry)}\n`, session);
    });
}

interface LoginFlags {
  readonly username?: string | undefined;
  readonly passwordStdin?: true | undefined;
}

async function readCredentials({ username: given, passwordStdin }: LoginFlags, signal: AbortSignal) {
  if (passwordStdin && given === undefined) {
    throw new AirgapError('USAGE', '--password-stdin requires -u', { hint: 'Pass the username with -u.' });
  }
  const username = given ?? (await prompt('Username: ', { signal }));
  const password = passwordStdin
    ? await readPasswordStdin(signal)
    : await prompt('Password: ', { hidden: true, signal });
  return { username, password };
}

function warn({ registry, storedIn, encrypted, checked }: Awaited<ReturnType<typeof login>>): void {
  if (!checked)
    stderr(`warning: ${printable(registry)} allows anonymous access and did not check the password\n`);
  if (encrypted) return;
  stderr(
    `warning: the password is stored unencrypted in ${printable(storedIn)}; configure a credential helper (credsStore) to encrypt it\n`,
  );
}
