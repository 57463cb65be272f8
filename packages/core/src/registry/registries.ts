import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import { type ConnectionOptions, openConnections } from '../http/connections.ts';
import { HostLimiter } from '../http/host-limiter.ts';
import { responseError } from '../http/response-error.ts';
import { AirgapError, type ErrorCode, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { type BlobWriter, MemorySink } from '../store/blob-writer.ts';
import type { OnEvent } from '../store/events.ts';
import type { ReferrerSource } from '../store/image-source.ts';
import type { ImageTarget } from '../store/image-target.ts';
import type { Range } from '../store/ranges.ts';
import { Authorizer } from './auth/authorizer.ts';
import type { CredentialsByHost } from './auth/credential.ts';
import { CredentialStore } from './auth/credential-store.ts';
import type { CredentialFile } from './auth/docker-config.ts';
import { Download } from './download.ts';
import { type Endpoint, type EndpointOptions, endpointsFor, upstreamEndpoint } from './endpoint.ts';
import { RegistryHost } from './host.ts';
import { readManifest } from './manifest.ts';
import { pullLocation, type ReplicatedProxy } from './pull-location.ts';
import { findManifest, referrersOf } from './referrers.ts';
import { RegistryTarget } from './registry-target.ts';

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  /** What is pulled through Replicated's proxy; names are not changed. */
  readonly viaProxy?: ReplicatedProxy | undefined;
  /** Credentials that take precedence over the files. */
  readonly credentials?: CredentialsByHost | undefined;
  /** Paths or texts of docker config.json files; the first with an entry for a host is used. Default: none. */
  readonly credentialFiles?: readonly CredentialFile[] | undefined;
  /** The maximum of concurrent transfers per host; lower while the host throttles. Default 24. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export const DEFAULT_CONCURRENCY = 24;

/** Errors after which the next host is tried. */
const FALLBACK_CODES: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'DENIED',
  'REGISTRY',
  'NETWORK',
  'CONTENT',
]);

interface OpenHost {
  readonly host: RegistryHost;
  /** Whether the host was unreachable; it is then tried again only if it is the last one. */
  isDown: boolean;
}

/** All registries as one image source: the pull side of the distribution-spec. */
export class Registries implements ReferrerSource, AsyncDisposable {
  readonly #options: RegistryOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #hosts = new Map<string, readonly OpenHost[]>();
  readonly #limiters = new Map<string, HostLimiter>();
  readonly #closed = new AbortController();

  private constructor(options: RegistryOptions, credentials: CredentialStore) {
    const signal = AbortSignal.any([this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    // Every transfer adds a listener, which is not a leak.
    setMaxListeners(0, signal);
    this.#options = { ...options, signal };
    this.#dispatcher = openConnections(options);
    this.#authorizer = new Authorizer(this.#dispatcher, credentials);
  }

  /** Reads the credentials; opens no connections. @throws AirgapError `INPUT` for credential files, `USAGE` for mirrors */
  static async open(options: RegistryOptions): Promise<Registries> {
    const { credentialFiles = [], credentials, mirrors = {} } = options;
    // Report invalid mirrors now instead of on first use.
    for (const registry of Object.keys(mirrors)) endpointsFor(registry, options);
    const warn = (message: string) => options.onEvent?.({ type: 'notice', message });
    return new Registries(options, await CredentialStore.read(credentialFiles, credentials, warn));
  }

  /** Closes all connections and aborts all requests. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#dispatcher.destroy();
  }

  /**
   * Reads the manifest of a name, or with a digest in its repository.
   *
   * @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY` or `NETWORK` from the registry, `CONTENT` for a digest
   * mismatch
   */
  async manifest(name: Reference, digest: Digest | undefined = name.digest): Promise<RawManifest> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    return this.#withFallback(registry, ({ host }) => readManifest(host, repository, name, digest));
  }

  /** Reads the manifest of a name that may not exist. The response of the first reachable host counts, also for its upstream. */
  async find(name: Reference): Promise<RawManifest | undefined> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    return this.#withFallback(registry, ({ host }) => findManifest({ host, repository, name }, name));
  }

  /** Lists the referrers of a manifest. The response of the first reachable host counts, as with {@link find}. */
  async referrers(name: Reference, subject: Digest): Promise<readonly Descriptor[]> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    return this.#withFallback(registry, ({ host }) => referrersOf({ host, repository, name }, subject));
  }

  async blob(name: Reference, blob: Descriptor, sink: BlobWriter, ranges: readonly Range[]): Promise<void> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    let remaining = ranges;
    await this.#withFallback(registry, async ({ host }) => {
      const where: ErrorContext = { image: name.toString(), digest: blob.digest, host: host.endpoint.host };
      const download = new Download({ host, repository, blob, sink, ranges: remaining, where });
      await download.run().finally(() => {
        remaining = download.remaining;
      });
    });
  }

  /**
   * Checks whether the registry supports the API and accepts the credentials (distribution-spec, "Determining Support").
   *
   * @returns whether it requires credentials
   * @throws AirgapError `DENIED` when it rejects them, `NOT_FOUND`, `REGISTRY` or `NETWORK`
   */
  async ping(registry: string): Promise<boolean> {
    return this.#withFallback(registry, async ({ host }) => {
      const where: ErrorContext = { host: host.endpoint.host };
      const attempt = async () => {
        const request = { method: 'GET', repository: '', path: '' } as const;
        const response = await host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
        if (response.status !== 200)
          throw responseError('reach the API', response, response.errorBody, where);
      };
      await host.run(attempt, where);
      return (await this.#authorizer.header(host.endpoint.host, '')) !== undefined;
    });
  }

  /** Returns a registry as a push target, without its mirrors. */
  target(registry: string): ImageTarget {
    return new RegistryTarget(this.#host(upstreamEndpoint(registry, this.#options)));
  }

  /** Tries each host in turn: the mirrors, then the registry itself. @throws the error of the first one */
  async #withFallback<T>(registry: string, attempt: (open: OpenHost) => Promise<T>): Promise<T> {
    const hosts = this.#open(registry).filter(({ isDown }, at, all) => !isDown || at === all.length - 1);
    const failures: AirgapError[] = [];
    for (const open of hosts) {
      try {
        return await attempt(open);
      } catch (error) {
        if (!(error instanceof AirgapError) || !FALLBACK_CODES.has(error.code)) throw error;
        open.isDown = error.code === 'NETWORK';
        failures.push(error);
        if (open !== hosts.at(-1))
          this.#options.onEvent?.({ type: 'notice', message: fallbackNotice(open, error) });
      }
    }
    throw combineFailures(failures);
  }

  #open(registry: string): readonly OpenHost[] {
    const known = this.#hosts.get(registry);
    if (known) return known;
    const opened = endpointsFor(registry, this.#options).map(endpoint => ({
      host: this.#host(endpoint),
      isDown: false,
    }));
    this.#hosts.set(registry, opened);
    return opened;
  }

  #host(endpoint: Endpoint): RegistryHost {
    const { signal, onEvent } = this.#options;
    return new RegistryHost({
      endpoint,
      dispatcher: this.#dispatcher,
      authorizer: this.#authorizer,
      limiter: this.#limiter(endpoint.host),
      signal,
      onEvent,
    });
  }

  #limiter(host: string): HostLimiter {
    const limiter =
      this.#limiters.get(host) ?? new HostLimiter(this.#options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#limiters.set(host, limiter);
    return limiter;
  }
}

function fallbackNotice({ host }: OpenHost, { message }: AirgapError): string {
  return `${host.endpoint.host}: ${message}; trying the next host`;
}

/** Returns the first error that may go away, or else the first one, with the others as a note. */
function combineFailures(failures: readonly AirgapError[]): AirgapError {
  const main = failures.find(({ code }) => code === 'NETWORK' || code === 'REGISTRY') ?? failures[0];
  if (main === undefined) throw new RangeError('no host was tried');
  const others = failures.filter(failure => failure !== main);
  if (others.length === 0) return main;
  const note = others.map(({ message, where }) => `${where.host}: ${message}`).join('; ');
  return main.withNote(note);
}
