import { readFile, stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import {
  AirgapError,
  type Credentials,
  type CredentialsByHost,
  DEFAULT_CONFIG,
  fileReadError,
  type Settings,
} from '@airgap/core';
import type { Environment } from '../environment.ts';

/** Largest password file, in bytes. */
const MAX_PASSWORD_FILE = 65_536;

type Configured = Pick<Settings, 'credentials' | 'credentialsFrom'>;

/**
 * Reads the credentials that the settings point to, from the environment and from files.
 *
 * @throws AirgapError `INPUT` for an unset variable or an unreadable file
 */
export async function configuredCredentials(
  { credentials = {}, credentialsFrom }: Configured,
  environment: Environment,
): Promise<CredentialsByHost> {
  const entries = Object.entries(credentials).map(async ([host, source]): Promise<[string, Credentials]> => {
    const config = credentialsFrom[host] ?? DEFAULT_CONFIG;
    const variable = (name: string) => readVariable(name, host, config, environment);
    if (source.identityTokenEnv !== undefined)
      return [
        host,
        { username: '', password: '', identityToken: variable(source.identityTokenEnv), source: config },
      ];
    const username = source.username ?? variable(source.usernameEnv ?? '');
    const password = source.passwordFile
      ? await readPassword(source.passwordFile)
      : variable(source.passwordEnv ?? '');
    return [host, { username, password, source: config }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Reads a password from standard input. @throws the reason of the signal */
export async function readPasswordStdin(signal: AbortSignal): Promise<string> {
  try {
    return withoutLineEnd(await readAll(addAbortSignal(signal, process.stdin)));
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** Removes the trailing line ending that editors and echo add. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function readVariable(name: string, host: string, config: string, environment: Environment): string {
  const value = environment.variable(name);
  if (value) return value;
  throw new AirgapError('INPUT', `environment variable ${name} (credentials for ${host}) is not set`, {
    where: { path: config },
    hint: `Set ${name}, or change "credentials" in ${config}.`,
  });
}

async function readPassword(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw unusablePassword(path, 'not a regular file');
    if (stats.size > MAX_PASSWORD_FILE)
      throw unusablePassword(path, `${stats.size} bytes, at most ${MAX_PASSWORD_FILE} are allowed`);
    return withoutLineEnd(await readFile(path, 'utf8'));
  } catch (cause) {
    throw cause instanceof AirgapError ? cause : fileReadError('the password file', path, cause);
  }
}

function unusablePassword(path: string, reason: string): AirgapError {
  return new AirgapError('INPUT', `the password file cannot be read: ${reason}`, {
    where: { path },
    hint: 'Name a file that contains only the password.',
  });
}
