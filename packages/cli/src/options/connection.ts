import { AirgapError, DEFAULT_CONCURRENCY } from '@airgap/core';
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import type { Environment } from '../environment.ts';
import { readText } from './file.ts';
import { concurrency, repeated, timeout } from './parsers.ts';

const plainHttpOption = new Option('--plain-http <host>', 'a registry without TLS (repeatable)').argParser(
  repeated,
);
const insecureOption = new Option(
  '--insecure <host>',
  "do not check this registry's certificate (repeatable)",
).argParser(repeated);
const caOption = new Option(
  '--ca <[host=]file>',
  'trust this certificate authority as well (repeatable)',
).argParser(repeated);
const certOption = new Option(
  '--cert <[host=]file>',
  'prove who you are with this client certificate (repeatable; needs --key)',
).argParser(repeated);
const keyOption = new Option('--key <[host=]file>', "the client certificate's key (repeatable)").argParser(
  repeated,
);
const timeoutOption = new Option(
  '--timeout <seconds>',
  'the longest silence of a registry that is waited for (default: 60)',
).argParser(timeout);
export const concurrencyOption = new Option(
  '--concurrency <n>',
  `transfers at once for each host, 1 to 256 (default: ${DEFAULT_CONCURRENCY})`,
).argParser(concurrency);

/** Gives a command the flags of all that connect to registries. */
export function connectionFlags<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command
    .addOption(plainHttpOption)
    .addOption(insecureOption)
    .addOption(caOption)
    .addOption(certOption)
    .addOption(keyOption)
    .addOption(timeoutOption);
}

export interface RemoteFlags {
  readonly plainHttp?: string[] | undefined;
  readonly insecure?: string[] | undefined;
  readonly ca?: string[] | undefined;
  readonly cert?: string[] | undefined;
  readonly key?: string[] | undefined;
  readonly timeout?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** How to reach the registries, certificates read. */
export async function remoteOptions(flags: RemoteFlags, { proxy, caFiles }: Environment) {
  const { plainHttp, insecure, timeout, concurrency } = flags;
  return {
    plainHttp,
    insecure,
    ca: [...(await readAuthorities(caFiles)), ...(await readAuthorities(flags.ca))],
    clientCertificates: await readClientCertificates(flags),
    proxy,
    timeout,
    concurrency,
  };
}

/** The certificate authorities that flags or the environment name. */
export function readAuthorities(flags: readonly string[] = []): Promise<Pem[]> {
  return Promise.all(flags.map(flag => readPem(flag, 'the certificate authority')));
}

/** A file of certificates or keys, and the host that it is for. */
export interface Pem {
  readonly host: string | undefined;
  readonly pem: string;
}

async function readPem(flag: string, what: string): Promise<Pem> {
  const [, host, path = flag] = /^([^=/]+)=(.+)$/.exec(flag) ?? [];
  return { host, pem: await readText(path, what) };
}

/** Every certificate with the key of the same host. */
async function readClientCertificates({ cert = [], key = [] }: RemoteFlags) {
  const certs = await Promise.all(cert.map(flag => readPem(flag, 'the client certificate')));
  const keys = await Promise.all(key.map(flag => readPem(flag, 'the key')));
  if (keys.length > certs.length) throw lonely('--key', '--cert');
  return certs.map(({ host, pem }) => {
    const own = keys.find(one => one.host === host);
    if (!own) throw lonely('--cert', '--key');
    return { host, cert: pem, key: own.pem };
  });
}

function lonely(one: string, other: string): AirgapError {
  return new AirgapError('USAGE', `${one} without ${other}`, {
    hint: 'Give both, for the same host: --cert HOST=client.crt --key HOST=client.key.',
  });
}
