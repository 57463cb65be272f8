import { AirgapError, type ListenAddress } from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';
import type { Environment } from '../environment.ts';
import { readText } from './file.ts';

/** Reads `HOST:PORT`, or a port alone, which is one of 127.0.0.1. */
export function listenAddress(text: string): ListenAddress {
  const [, ipv6, host = ipv6 ?? '127.0.0.1', digits = ''] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) throw new InvalidArgumentError('Write it as HOST:PORT or [IPV6]:PORT.');
  return { host, port };
}

export const listenOption = new Option(
  '--listen <host:port>',
  'where to listen; port 0 takes a free one (default: 127.0.0.1:5000)',
).argParser(listenAddress);
export const tlsCertOption = new Option(
  '--tls-cert <file>',
  'speak TLS with this certificate (needs --tls-key)',
);
export const tlsKeyOption = new Option('--tls-key <file>', "the certificate's key");
export const userOption = new Option(
  '--user <name>',
  'ask for this name and a password: that of --password-file, or of AIRGAP_PASSWORD',
);
export const passwordFileOption = new Option(
  '--password-file <file>',
  'a file with the password, without its last line end',
);

interface ServingFlags {
  readonly listen?: ListenAddress | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** How to serve, certificate and password read. */
export async function servingOptions(flags: ServingFlags, { password }: Environment) {
  return { listen: flags.listen, tls: await readCertificate(flags), login: await readLogin(flags, password) };
}

async function readCertificate({ tlsCert, tlsKey }: ServingFlags) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new AirgapError('USAGE', 'a certificate and its key go together', {
      hint: 'Give both --tls-cert and --tls-key.',
    });
  return { cert: await readText(tlsCert, 'the certificate'), key: await readText(tlsKey, 'the key') };
}

async function readLogin({ user, passwordFile }: ServingFlags, fromEnvironment: string | undefined) {
  if (user === undefined && passwordFile === undefined) return undefined;
  const text = passwordFile === undefined ? fromEnvironment : await readText(passwordFile, 'the password');
  const password = text?.replace(/\r?\n$/, '');
  if (!user || user.includes(':') || !password)
    throw new AirgapError('USAGE', 'a login needs a name without a colon, and a password', {
      hint: 'Give --user, and the password with --password-file or in AIRGAP_PASSWORD.',
    });
  return { username: user, password };
}
