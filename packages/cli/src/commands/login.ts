import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { AirgapError, login } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { connectionFlags, remoteOptions } from '../options/connection.ts';
import { withoutLineEnd } from '../options/credentials.ts';
import { jsonOption } from '../options/display.ts';
import { prompt } from '../prompt.ts';
import { printable } from '../render/printable.ts';
import { print, printJson, type Session, tell } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap login registry.example.com
  airgap login docker.io -u me --password-stdin < token.txt
`;

export function loginCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<registry>', 'its host, with a port if it has one')
    .option('-u, --username <name>', 'the user (default: asked for on the terminal)')
    .option('--password-stdin', 'read the password from standard input');
  return connectionFlags(flagged)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (registry, flags) => {
      session.json = flags.json === true;
      const { signal, environment } = session;
      const result = await login({
        ...(await remoteOptions(flags, environment)),
        ...(await askFor(flags, signal)),
        registry,
        dockerConfig: environment.dockerConfig,
        signal,
      });
      warn(result);
      if (session.json) printJson(result, session);
      else print(`logged in to ${printable(result.registry)}\n`, session);
    });
}

interface LoginFlags {
  readonly username?: string | undefined;
  readonly passwordStdin?: true | undefined;
}

async function askFor({ username: known, passwordStdin }: LoginFlags, signal: AbortSignal) {
  if (passwordStdin && known === undefined) {
    throw new AirgapError('USAGE', '--password-stdin needs -u', { hint: 'Name the user with -u.' });
  }
  const username = known ?? (await prompt('User: ', { signal }));
  const password = passwordStdin
    ? await readPassword(signal)
    : await prompt('Password: ', { hidden: true, signal });
  return { username, password };
}

async function readPassword(signal: AbortSignal): Promise<string> {
  try {
    return withoutLineEnd(await readAll(addAbortSignal(signal, process.stdin)));
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

function warn({ registry, storedIn, encrypted, checked }: Awaited<ReturnType<typeof login>>): void {
  if (!checked) tell(`warning: ${printable(registry)} is open to all and did not check the password\n`);
  if (encrypted) return;
  tell(
    `warning: the password is stored unencrypted in ${printable(storedIn)}; configure a credential helper (credsStore) to change that\n`,
  );
}
