import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, type buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { AirgapError } from '../model/errors.ts';
import { MAX_HEAD_SIZE, openConnector } from './connector.ts';
import { type ProxyOptions, proxyFor } from './proxy.ts';
import { trustedRoots } from './trusted-roots.ts';

/** A certificate authority to trust besides the system's. */
interface TrustedCa {
  /** The host (with its port when it has one) that it is for; every host when left out. */
  readonly host?: string | undefined;
  /** One or more certificates in PEM. */
  readonly pem: string;
}

/** What this side proves with who it is. */
interface ClientCertificate {
  /** As for {@link TrustedCa}. */
  readonly host?: string | undefined;
  /** In PEM. */
  readonly cert: string;
  /** In PEM. */
  readonly key: string;
}

export interface ConnectionOptions {
  /** Hosts whose TLS certificate is not checked. */
  readonly insecure?: readonly string[] | undefined;
  readonly ca?: readonly TrustedCa[] | undefined;
  readonly clientCertificates?: readonly ClientCertificate[] | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** The longest silence before an answer and in the middle of one, in ms. Default 60,000. */
  readonly timeout?: number | undefined;
}

const CONNECT_TIMEOUT = 15_000;
const DEFAULT_TIMEOUT = 60_000;

/** Opens the pools of connections, one for each origin with that host's own TLS settings and proxy. */
export function openConnections(options: ConnectionOptions): Dispatcher {
  return new Agent({
    factory: (origin, pool) => {
      const url = new URL(origin);
      const proxy = proxyFor(url, options.proxy ?? {});
      return proxy ? throughProxy(url, proxy, options) : straight(url, pool as Pool.Options, options);
    },
  });
}

function straight(origin: URL, pool: Pool.Options, options: ConnectionOptions): Dispatcher {
  const connect = openConnector({ timeout: CONNECT_TIMEOUT, ...tlsFor(origin, options) });
  return new Pool(origin, { ...pool, ...limits(options), connect });
}

/** TLS goes through a tunnel to the origin itself; what is in the open is asked of the proxy. */
function throughProxy(origin: URL, proxy: URL, options: ConnectionOptions): Dispatcher {
  const servername = isIP(origin.hostname) === 0 ? { servername: origin.hostname } : {};
  return new ProxyAgent({
    uri: proxy.href,
    proxyTunnel: origin.protocol === 'https:',
    requestTls: {
      timeout: CONNECT_TIMEOUT,
      ...servername,
      ...tlsFor(origin, options),
    } as buildConnector.BuildOptions,
    proxyTls: { timeout: CONNECT_TIMEOUT, ...tlsFor(proxy, options) } as buildConnector.BuildOptions,
    factory: (target, pool) => new Pool(target, { ...(pool as Pool.Options), ...limits(options) }),
  });
}

function limits({ timeout = DEFAULT_TIMEOUT }: ConnectionOptions): Pool.Options {
  return { headersTimeout: timeout, bodyTimeout: timeout, maxHeaderSize: MAX_HEAD_SIZE, pipelining: 1 };
}

interface TlsOptions {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
}

function tlsFor(
  { protocol, host }: URL,
  { insecure = [], ca = [], clientCertificates = [] }: ConnectionOptions,
): TlsOptions {
  if (protocol !== 'https:') return {};
  const isFor = (one: { host?: string | undefined }) => one.host === undefined || one.host === host;
  // One of the host's own goes before one of all.
  const own = clientCertificates
    .filter(isFor)
    .sort((a, b) => Number(b.host === host) - Number(a.host === host))[0];
  const extra = ca.filter(isFor).map(({ pem }) => pem);
  return {
    secureContext: contextOf(host, extra, own),
    ...(insecure.includes(host) ? { rejectUnauthorized: false } : {}),
  };
}

let ordinary: SecureContext | undefined;

/** To read the authorities takes longer than many a request: hosts without settings of their own share a context. */
function contextOf(host: string, ca: readonly string[], own: ClientCertificate | undefined): SecureContext {
  if (ca.length > 0 || own) return newContext(host, ca, own);
  ordinary ??= newContext(host, ca, own);
  return ordinary;
}

function newContext(host: string, ca: readonly string[], own: ClientCertificate | undefined): SecureContext {
  try {
    // A file without a certificate would be passed over in silence.
    for (const pem of ca) new X509Certificate(pem);
    return createSecureContext({
      ca: [...trustedRoots(), ...ca],
      ...(own ? { cert: own.cert, key: own.key } : {}),
    });
  } catch (cause) {
    throw new AirgapError('INPUT', 'a certificate or key for TLS cannot be used', {
      where: { host },
      cause,
      hint: 'Give them in PEM: --ca, --cert and --key of that host, a key without a pass phrase.',
    });
  }
}
