import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, Pool } from 'undici';
import { MAX_HEAD_SIZE, openConnector } from './connector.ts';

/** A certificate authority to trust besides the system's. */
interface TrustedCa {
  /** The host (with its port when it has one) that it is for; every host when left out. */
  readonly host?: string | undefined;
  /** One or more certificates in PEM. */
  readonly pem: string;
}

export interface ConnectionOptions {
  /** Hosts whose TLS certificate is not checked. */
  readonly insecure?: readonly string[] | undefined;
  readonly ca?: readonly TrustedCa[] | undefined;
  /** The longest silence before an answer and in the middle of one, in ms. Default 60,000. */
  readonly timeout?: number | undefined;
}

const CONNECT_TIMEOUT = 15_000;
const DEFAULT_TIMEOUT = 60_000;

/** Opens the pools of connections, one for each origin with that host's own TLS settings. */
export function openConnections(options: ConnectionOptions): Dispatcher {
  return new Agent({
    factory: (origin, pool) =>
      new Pool(origin, {
        ...(pool as Pool.Options),
        connect: openConnector({ timeout: CONNECT_TIMEOUT, ...tlsFor(new URL(origin).host, options) }),
        maxHeaderSize: MAX_HEAD_SIZE,
        headersTimeout: options.timeout ?? DEFAULT_TIMEOUT,
        bodyTimeout: options.timeout ?? DEFAULT_TIMEOUT,
        pipelining: 1,
      }),
  });
}

function tlsFor(host: string, { insecure = [], ca = [] }: ConnectionOptions): object {
  const extra = ca.filter(one => one.host === undefined || one.host === host).map(one => one.pem);
  return {
    ...(insecure.includes(host) ? { rejectUnauthorized: false } : {}),
    // `ca` replaces Node's own list, so that list has to be repeated.
    ...(extra.length > 0 ? { ca: [...rootCertificates, ...extra] } : {}),
  };
}
