import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, type buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { AirgapError } from '../model/errors.ts';
import { MAX_HEAD_SIZE, openConnector } from './connector.ts';
import { type ProxyOptions, proxyFor } from './proxy.ts';
import { StallGuard } from './stall-guard.ts';
import { trustedRoots } from './trusted-roots.ts';
import { USER_AGENT } from './user-agent.ts';

/** A certificate authority that is trusted in addition to those of the system. */
interface TrustedCa {
  /** The host, with its port if any; all hosts when omitted. */
  readonly host?: string | undefined;
  /** One or more certificates in PEM. */
  readonly pem: string;
}

/** A client certificate (mTLS). */
interface ClientCertificate {
  /** See {@link TrustedCa}. */
  readonly host?: string | undefined;
  /** In PEM. */
  readonly cert: string;
  /** In PEM. */
  readonly key: string;
}

export interface ConnectionOptions {
  /** Hosts whose TLS certificate is not verified. */
  readonly insecure?: readonly string[] | undefined;
  readonly ca?: readonly TrustedCa[] | undefined;
  readonly clientCertificates?: readonly ClientCertificate[] | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** The idle timeout before and during a response, in ms. Default 60,000. */
  readonly timeout?: number | undefined;
}

const CONNECT_TIMEOUT = 15_000;
const DEFAULT_TIMEOUT = 60_000;

/** Creates a dispatcher with one connection pool per origin, each with the TLS settings and the proxy of its host. */
export function openConnections(options: ConnectionOptions): Dispatcher {
  const agent = new Agent({
    factory: (origin, pool) => {
      const url = new URL(origin);
      const proxy = proxyFor(url, options.proxy ?? {});
      return proxy ? proxied(url, proxy, options) : direct(url, pool as Pool.Options, options);
    },
  });
  const { timeout = DEFAULT_TIMEOUT } = options;
  return agent.compose(dispatch => (request, handler) => dispatch(request, new StallGuard(handler, timeout)));
}

function direct(origin: URL, pool: Pool.Options, options: ConnectionOptions): Dispatcher {
  const connect = openConnector({ timeout: CONNECT_TIMEOUT, ...tlsFor(origin, options) });
  return new Pool(origin, { ...pool, ...limits(options), connect });
}

/** HTTPS goes through a CONNECT tunnel to the origin; plain HTTP requests are sent to the proxy. */
function proxied(origin: URL, proxy: URL, options: ConnectionOptions): Dispatcher {
  const servername = isIP(origin.hostname) === 0 ? { servername: origin.hostname } : {};
  return new ProxyAgent({
    uri: proxy.href,
    headers: { 'user-agent': USER_AGENT },
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
  const appliesToHost = (setting: { host?: string | undefined }) =>
    setting.host === undefined || setting.host === host;
  // A certificate for this host takes precedence over one for all hosts.
  const client = clientCertificates
    .filter(appliesToHost)
    .sort((a, b) => Number(b.host === host) - Number(a.host === host))[0];
  const extra = ca.filter(appliesToHost).map(({ pem }) => pem);
  return {
    secureContext: contextOf(host, extra, client),
    ...(insecure.includes(host) ? { rejectUnauthorized: false } : {}),
  };
}

let defaultContext: SecureContext | undefined;

/** Hosts without specific settings share a context: loading the certificate authorities is slow. */
function contextOf(
  host: string,
  ca: readonly string[],
  client: ClientCertificate | undefined,
): SecureContext {
  if (ca.length > 0 || client) return newContext(host, ca, client);
  defaultContext ??= newContext(host, ca, client);
  return defaultContext;
}

function newContext(
  host: string,
  ca: readonly string[],
  client: ClientCertificate | undefined,
): SecureContext {
  try {
    // Node would silently ignore a file without a certificate.
    for (const pem of ca) new X509Certificate(pem);
    return createSecureContext({
      ca: [...trustedRoots(), ...ca],
      ...(client ? { cert: client.cert, key: client.key } : {}),
    });
  } catch (cause) {
    throw new AirgapError('INPUT', 'invalid TLS certificate or key', {
      where: { host },
      cause,
      hint: 'Pass PEM files to --ca, --cert and --key, and a key without a passphrase.',
    });
  }
}
