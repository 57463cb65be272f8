import { AirgapError, DEFAULT_CONCURRENCY, readTextFile } from '@airgap/core';
import {
  type Command,
  type CommandUnknownOpts,
  Option,
  type OptionValues,
} from '@commander-js/extra-typings';
import type { Environment } from '../environment.ts';
import { concurrency, repeated, timeout } from './parsers.ts';

const plainHttpOption = new Option(
  '--plain-http <host>',
  'use HTTP for this registry (repeatable)',
).argParser(repeated);
const insecureOption = new Option(
  '--insecure <host>',
  'skip TLS certificate verification for this registry (repeatable)',
).argParser(repeated);
const caOption = new Option(
  '--ca <[host=]file>',
  'also trust this certificate authority (repeatable)',
).argParser(repeated);
const certOption = new Option(
  '--cert <[host=]file>',
  'client certificate (mTLS; repeatable; requires --key)',
).argParser(repeated);
const keyOption = new Option('--key <[host=]file>', 'key of the client certificate (repeatable)').argParser(
  repeated,
);
const timeoutOption = new Option('--timeout <seconds>', 'idle timeout in seconds (default: 60)').argParser(
  timeout,
);
export const concurrencyOption = new Option(
  '--concurrency <n>',
  `concurrent transfers per host, 1 to 256 (default: ${DEFAULT_CONCURRENCY})`,
).argParser(concurrency);

/** Adds the flags of all commands that connect to registries. */
export function connectionFlags<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
): Command<Args, Flags & RemoteFlags> {
  const added: CommandUnknownOpts = command
    .addOption(plainHttpOption)
    .addOption(insecureOption)
    .addOption(caOption)
    .addOption(certOption)
    .addOption(keyOption)
    .addOption(timeoutOption);
  return added as Command<Args, Flags & RemoteFlags>;
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

/** Turns flags and environment into connection options, and reads the certificates. @throws AirgapError `USAGE`, `INPUT` */
export async function remoteOptions(flags: RemoteFlags, { proxy, caFiles, caFolders, debug }: Environment) {
  const { plainHttp, insecure, timeout, concurrency } = flags;
  return {
    plainHttp,
    insecure,
    ca: [...(await readAuthorities(caFiles)), ...(await readAuthorities(flags.ca))],
    caFolders,
    clientCertificates: await readClientCertificates(flags),
    proxy,
    timeout,
    concurrency,
    trace: debug,
  };
}

/** Reads the certificate authorities that flags or the environment name. @throws AirgapError `INPUT` */
export function readAuthorities(flags: readonly string[] = []): Promise<Pem[]> {
  return Promise.all(flags.map(flag => readPem(flag, 'the certificate authority')));
}

/** A PEM file, and the host it is for; without a host it is for all. */
export interface Pem {
  readonly host: string | undefined;
  readonly pem: string;
}

async function readPem(flag: string, what: string): Promise<Pem> {
  const { host, path } = /^(?<host>[^=/]+)=(?<path>.+)$/.exec(flag)?.groups ?? {};
  return { host, pem: await readTextFile(what, path ?? flag) };
}

/** Pairs every certificate with the key of the same host. */
async function readClientCertificates({ cert = [], key = [] }: RemoteFlags) {
  const certs = await Promise.all(cert.map(flag => readPem(flag, 'the client certificate')));
  const keys = await Promise.all(key.map(flag => readPem(flag, 'the key')));
  if (keys.length > certs.length) throw missingPair('--key', '--cert');
  return certs.map(({ host, pem }) => {
    const match = keys.find(candidate => candidate.host === host);
    if (!match) throw missingPair('--cert', '--key');
    return { host, cert: pem, key: match.pem };
  });
}

function missingPair(given: string, missing: string): AirgapError {
  return new AirgapError('USAGE', `${given} without ${missing}`, {
    hint: 'Pass both for the same host: --cert HOST=client.crt --key HOST=client.key.',
  });
}
