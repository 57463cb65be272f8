import { AirgapError, type ListenAddress, readTextFile } from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';
import type { Environment } from '../environment.ts';
import type { Session } from '../session.ts';
import { readPasswordStdin, withoutLineEnd } from './credentials.ts';

const LISTEN_ADDRESS = /^(?:(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[^\s:[\]]+)):)?(?<port>\d{1,5})$/;

/** Parses `HOST:PORT`, `[IPV6]:PORT`, or a port of 127.0.0.1. */
export function listenAddress(text: string): ListenAddress {
  const match = LISTEN_ADDRESS.exec(text);
  const port = Number(match?.groups?.port);
  if (!match || port > 65_535) throw new InvalidArgumentError('Expected HOST:PORT or [IPV6]:PORT.');
  return { host: match.groups?.ipv6 ?? match.groups?.host ?? '127.0.0.1', port };
}

export const listenOption = new Option(
  '--listen <host:port>',
  'listen address; port 0 picks a free port (default: 127.0.0.1:5000)',
).argParser(listenAddress);
export const tlsCertOption = new Option('--tls-cert <file>', 'TLS certificate (requires --tls-key)');
export const tlsKeyOption = new Option('--tls-key <file>', 'key of the TLS certificate');
export const userOption = new Option(
  '--user <name>',
  'require this username and the password from --password-stdin, --password-file or AIRGAP_PASSWORD',
);
export const passwordFileOption = new Option(
  '--password-file <file>',
  'read the password from this file, without its trailing line ending',
);

export const passwordStdinOption = new Option('--password-stdin', 'read the password from standard input');

interface ServingFlags {
  readonly listen?: ListenAddress | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly passwordStdin?: true | undefined;
}

/** Turns flags into options of `serve`, and reads the certificate and the password. @throws AirgapError `USAGE`, `INPUT` */
export async function servingOptions(
  flags: ServingFlags,
  { environment, signal }: Pick<Session, 'environment' | 'signal'>,
) {
  const password = () => givenPassword(flags, environment, signal);
  return { listen: flags.listen, tls: await readCertificate(flags), login: await readLogin(flags, password) };
}

async function readCertificate({ tlsCert, tlsKey }: ServingFlags) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    const message = tlsKey === undefined ? '--tls-cert without --tls-key' : '--tls-key without --tls-cert';
    throw new AirgapError('USAGE', message, { hint: 'Pass both --tls-cert and --tls-key.' });
  }
  return { cert: await readTextFile('the certificate', tlsCert), key: await readTextFile('the key', tlsKey) };
}

async function readLogin(
  { user, passwordFile, passwordStdin }: ServingFlags,
  readPassword: () => Promise<string | undefined>,
) {
  if (user === undefined && passwordFile === undefined && !passwordStdin) return undefined;
  const password = await readPassword();
  if (!user || user.includes(':') || !password)
    throw new AirgapError('USAGE', 'username (without ":") and password are required', {
      hint: 'Pass --user, and the password with --password-stdin, --password-file or in AIRGAP_PASSWORD.',
    });
  return { username: user, password };
}

async function givenPassword(
  { passwordFile, passwordStdin }: ServingFlags,
  { password }: Environment,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (passwordStdin && passwordFile !== undefined)
    throw new AirgapError('USAGE', '--password-stdin and --password-file cannot be combined', {
      hint: 'Pass one of them.',
    });
  if (passwordStdin) return readPasswordStdin(signal);
  const text = passwordFile === undefined ? password : await readTextFile('the password', passwordFile);
  return text && withoutLineEnd(text);
}
