import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, type buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { AirgapError } from '../model/errors.ts';
import { readAuthorityFolders } from './authority-folder.ts';
import { MAX_HEAD_SIZE, openConnector } from './connector.ts';
import { type ProxyOptions, proxyFor } from './proxy.ts';
import { StallGuard } from './stall-guard.ts';
import { isTrustedRoot, trustedRoots } from './trusted-roots.ts';
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
  /**
   * Folders of certificate authorities that are trusted for all hosts, as those of SSL_CERT_DIR. They are read before
   * the first TLS connection.
   */
  readonly caFolders?: readonly string[] | undefined;
  readonly clientCertificates?: readonly ClientCertificate[] | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** The idle timeout before and during a response, in ms. Default 60,000. */
  readonly timeout?: number | undefined;
}

const CONNECT_TIMEOUT = 15_000;
const DEFAULT_TIMEOUT = 60_000;

/** Creates a dispatcher with one connection pool per origin, each with the TLS settings and the proxy of its host. */
export function openConnections(options: ConnectionOptions): Dispatcher {
  const tls = new TlsSettings(options);
  const agent = new Agent({
    factory: (origin, pool) => {
      const url = new URL(origin);
      const proxy = proxyFor(url, options.proxy ?? {});
      return proxy ? proxied(url, proxy, tls, options) : direct(url, pool as Pool.Options, tls, options);
    },
  });
  const { timeout = DEFAULT_TIMEOUT } = options;
  return agent.compose(dispatch => (request, handler) => dispatch(request, new StallGuard(handler, timeout)));
}

function direct(origin: URL, pool: Pool.Options, tls: TlsSettings, options: ConnectionOptions): Dispatcher {
  const connect = openConnector({ timeout: CONNECT_TIMEOUT, ...tls.for(origin) });
  return new Pool(origin, { ...pool, ...limits(options), connect });
}

/** HTTPS goes through a CONNECT tunnel to the origin; plain HTTP requests are sent to the proxy. */
function proxied(origin: URL, proxy: URL, tls: TlsSettings, options: ConnectionOptions): Dispatcher {
  const servername = isIP(origin.hostname) === 0 ? { servername: origin.hostname } : {};
  return new ProxyAgent({
    uri: proxy.href,
    headers: { 'user-agent': USER_AGENT },
    proxyTunnel: origin.protocol === 'https:',
    requestTls: {
      timeout: CONNECT_TIMEOUT,
      ...servername,
      ...tls.for(origin),
    } as buildConnector.BuildOptions,
    proxyTls: { timeout: CONNECT_TIMEOUT, ...tls.for(proxy) } as buildConnector.BuildOptions,
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

/** The TLS settings of each host. */
class TlsSettings {
  readonly #options: ConnectionOptions;
  readonly #contexts = new Map<string, SecureContext>();
  #folderAuthorities: readonly string[] | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  for({ protocol, host }: URL): TlsOptions {
    if (protocol !== 'https:') return {};
    const { insecure = [] } = this.#options;
    return {
      secureContext: this.#contextOf(host),
      ...(insecure.includes(host) ? { rejectUnauthorized: false } : {}),
    };
  }

  /** Hosts with the same authorities share a context, because loading them is slow. */
  #contextOf(host: string): SecureContext {
    const client = this.#clientCertificateOf(host);
    const authorities = this.#authoritiesOf(host);
    if (client) return newContext(host, authorities, client);
    const key = authorities.join('\n');
    const context = this.#contexts.get(key) ?? newContext(host, authorities, undefined);
    this.#contexts.set(key, context);
    return context;
  }

  /** A certificate for this host takes precedence over one for all hosts. */
  #clientCertificateOf(host: string): ClientCertificate | undefined {
    const { clientCertificates = [] } = this.#options;
    return (
      clientCertificates.find(certificate => certificate.host === host) ??
      clientCertificates.find(certificate => certificate.host === undefined)
    );
  }

  #authoritiesOf(host: string): readonly string[] {
    const { ca = [], caFolders = [] } = this.#options;
    this.#folderAuthorities ??= readAuthorityFolders(caFolders);
    const own = ca.filter(authority => authority.host === undefined || authority.host === host);
    const extra = new Set([...own.map(({ pem }) => pem), ...this.#folderAuthorities]);
    return [...extra].filter(pem => !isTrustedRoot(pem));
  }
}

function newContext(
  host: string,
  authorities: readonly string[],
  client: ClientCertificate | undefined,
): SecureContext {
  try {
    // Node would silently ignore a file without a certificate.
    for (const pem of authorities) new X509Certificate(pem);
    return createSecureContext({
      ca: [...trustedRoots(), ...authorities],
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
