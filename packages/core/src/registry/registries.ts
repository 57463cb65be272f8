import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import { type ConnectionOptions, openConnections } from '../http/connections.ts';
import { HostLimiter } from '../http/host-limiter.ts';
import { responseError } from '../http/response-error.ts';
import { traced } from '../http/trace.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { MAX_MANIFEST_SIZE } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import { type OnEvent, type OnTimedEvent, withTime } from '../store/events.ts';
import { UnionSource } from '../store/union-source.ts';
import { Authorizer } from './auth/authorizer.ts';
import type { CredentialsByHost } from './auth/credential.ts';
import { CredentialStore } from './auth/credential-store.ts';
import type { Denial } from './auth/denial.ts';
import type { CredentialFile } from './auth/docker-config.ts';
import { type Endpoint, type EndpointOptions, endpointsFor, upstreamEndpoint } from './endpoint.ts';
import { RegistryHost } from './host.ts';
import { pullLocation, type ReplicatedProxy } from './pull-location.ts';
import { RepositorySource } from './repository-source.ts';
import { RepositoryTarget } from './repository-target.ts';

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  /** What is pulled through Replicated's proxy; names are not changed. */
  readonly viaProxy?: ReplicatedProxy | undefined;
  /** Credentials that take precedence over the files. */
  readonly credentials?: CredentialsByHost | undefined;
  /** Paths or texts of docker config.json files; the first with an entry for a host is used. Default: none. */
  readonly credentialFiles?: readonly CredentialFile[] | undefined;
  /** The maximum of concurrent transfers per host; lower while the host throttles. Default 24. */
  readonly concurrency?: number | undefined;
  /** Report every request as an event. */
  readonly trace?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

export const DEFAULT_CONCURRENCY = 24;

/** The start of a body that shows whether it is a web page, in bytes. */
const PAGE_START = 1000;

/** The client of all registries. It opens repositories as sources and targets of images. */
export class Registries implements AsyncDisposable {
  readonly #options: RegistryOptions;
  readonly #onEvent: OnEvent | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #hosts = new Map<string, RegistryHost>();
  readonly #targets = new Map<string, RepositoryTarget>();
  readonly #limiters = new Map<string, HostLimiter>();
  readonly #closed = new AbortController();

  private constructor(options: RegistryOptions, credentials: CredentialStore) {
    const signal = AbortSignal.any([this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    // Every transfer adds a listener, which is not a leak.
    setMaxListeners(0, signal);
    this.#options = { ...options, signal };
    this.#onEvent = withTime(options.onEvent);
    this.#dispatcher = this.#traced(openConnections(options));
    this.#authorizer = new Authorizer(this.#dispatcher, credentials);
  }

  /** Reads the credentials; opens no connections. @throws AirgapError `INPUT` for credential files, `USAGE` for mirrors */
  static async open(options: RegistryOptions): Promise<Registries> {
    const { credentialFiles = [], credentials, mirrors = {} } = options;
    // Report invalid mirrors now instead of on first use.
    for (const registry of Object.keys(mirrors)) endpointsFor(registry, options);
    const onEvent = withTime(options.onEvent);
    const warn = (message: string) => onEvent?.({ type: 'notice', message });
    return new Registries(options, await CredentialStore.read(credentialFiles, credentials, warn));
  }

  /** Closes all connections and aborts all requests. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#dispatcher.destroy();
  }

  /** Opens the repository of a name as a source of images: its mirrors, then the registry itself. */
  source(name: Reference): UnionSource {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    const hosts = endpointsFor(registry, this.#options).map(endpoint => this.#host(endpoint));
    const sources = hosts.map(host => new RepositorySource(host, repository, name));
    return new UnionSource(sources, this.#onEvent);
  }

  /** Opens the repository of a name as a target of images, without its mirrors. */
  target(name: Reference): RepositoryTarget {
    const target = this.#targets.get(name.name) ?? new RepositoryTarget(this.#upstream(name.registry), name);
    this.#targets.set(name.name, target);
    return target;
  }

  /**
   * Checks whether the registry supports the API and accepts the credentials (distribution-spec, "Determining Support").
   *
   * @returns whether it requires credentials
   * @throws AirgapError `DENIED` when it rejects them, `UNSUPPORTED` when it requests none that are supported, `NOT_FOUND`
   * when the host is not a registry, `REGISTRY` or `NETWORK`
   */
  async ping(registry: string): Promise<boolean> {
    const host = this.#upstream(registry);
    const where: ErrorContext = { host: host.endpoint.host };
    const attempt = async () => {
      const request = { method: 'GET', repository: '', path: '' } as const;
      const body = new MemorySink(MAX_MANIFEST_SIZE);
      const response = await host.send(request, () => body);
      const { status } = response;
      if (status === 404) throw notARegistry('answered 404', where);
      if (response.denial?.isUnsent) throw nothingToLogInTo(status, response.denial, where);
      if (status !== 200) throw responseError('reach the API', response, response.errorBody, where);
      // Quay calls its "true" text/html.
      if (/^\s*</.test(body.bytes.toString('latin1', 0, PAGE_START)))
        throw notARegistry('answered with a web page', where);
    };
    await host.run(attempt, where);
    return (await this.#authorizer.header(host.endpoint.host, '')) !== undefined;
  }

  #traced(connections: Dispatcher): Dispatcher {
    const onEvent = this.#onEvent;
    if (!this.#options.trace || !onEvent) return connections;
    return traced(connections, {
      onEvent,
      sourceOf: authorization => this.#authorizer.sourceOf(authorization),
      mask: text => this.#authorizer.secrets.mask(text),
    });
  }

  #upstream(registry: string): RegistryHost {
    return this.#host(upstreamEndpoint(registry, this.#options));
  }

  /** One client for each host and path prefix, as it remembers whether the host has TLS. */
  #host(endpoint: Endpoint): RegistryHost {
    const key = `${endpoint.schemes.join()} ${endpoint.host}/${endpoint.prefix}`;
    const { signal } = this.#options;
    const host =
      this.#hosts.get(key) ??
      new RegistryHost({
        endpoint,
        dispatcher: this.#dispatcher,
        authorizer: this.#authorizer,
        limiter: this.#limiter(endpoint.host),
        signal,
        onEvent: this.#onEvent,
      });
    this.#hosts.set(key, host);
    return host;
  }

  #limiter(host: string): HostLimiter {
    const limiter =
      this.#limiters.get(host) ?? new HostLimiter(this.#options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#limiters.set(host, limiter);
    return limiter;
  }
}

function notARegistry(reason: string, where: ErrorContext): AirgapError {
  return new AirgapError('NOT_FOUND', `not a registry: its /v2/ ${reason}`, {
    where,
    hint: 'Check the host and the port.',
  });
}

function nothingToLogInTo(status: number, { hint }: Denial, where: ErrorContext): AirgapError {
  const message = `the registry answered ${status}, and requests no credentials that are supported`;
  return new AirgapError('UNSUPPORTED', message, { where, ...(hint === undefined ? {} : { hint }) });
}
