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
import { Download } from './download.ts';
import { type Endpoint, type EndpointOptions, endpointsFor, ownEndpoint } from './endpoint.ts';
import { RegistryHost } from './host.ts';
import { readManifest } from './manifest.ts';
import { pullLocation, type ReplicatedProxy } from './pull-location.ts';
import { findManifest, referrersOf } from './referrers.ts';
import { RegistryTarget } from './registry-target.ts';

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  /** What is pulled through Replicated's proxy, while it keeps its own name. */
  readonly viaProxy?: ReplicatedProxy | undefined;
  /** Credentials that win over those of the files. */
  readonly credentials?: CredentialsByHost | undefined;
  /** docker's config.json files, the first that knows a host wins; none are read when left out. */
  readonly credentialFiles?: readonly string[] | undefined;
  /** Transfers at once for each host; fewer while it complains. Default 24. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export const DEFAULT_CONCURRENCY = 24;

/** Failures that another host may not have. */
const FALL_THROUGH: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'DENIED',
  'REGISTRY',
  'NETWORK',
  'CONTENT',
]);

interface OpenHost {
  readonly host: RegistryHost;
  /** Whether it could not be reached, so that nobody waits for it again. */
  isDown: boolean;
}

/** Every registry there is, as one source of images: the distribution protocol's pull side. */
export class Registries implements ReferrerSource, AsyncDisposable {
  readonly #options: RegistryOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #hosts = new Map<string, readonly OpenHost[]>();
  readonly #limiters = new Map<string, HostLimiter>();
  readonly #closed = new AbortController();

  private constructor(options: RegistryOptions, credentials: CredentialStore) {
    const signal = AbortSignal.any([this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    // Every transfer listens to it: that is no leak.
    setMaxListeners(0, signal);
    this.#options = { ...options, signal };
    this.#dispatcher = openConnections(options);
    this.#authorizer = new Authorizer(this.#dispatcher, credentials);
  }

  /** Reads the credentials and opens for business; nothing is connected yet. */
  static async open(options: RegistryOptions): Promise<Registries> {
    const { credentialFiles = [], credentials, mirrors = {} } = options;
    // A mirror that is no URL is told at once, and not when it is first needed.
    for (const registry of Object.keys(mirrors)) endpointsFor(registry, options);
    return new Registries(options, await CredentialStore.read(credentialFiles, credentials));
  }

  /** Drops every connection; what is under way is not tried again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#dispatcher.destroy();
  }

  /**
   * @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY` or `NETWORK` from the registry, `CONTENT` when the bytes
   * do not have the digest that was asked for or announced
   */
  async manifest(name: Reference, digest: Digest | undefined = name.digest): Promise<RawManifest> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    return this.#fallThrough(registry, ({ host }) => readManifest(host, repository, name, digest));
  }

  /** The manifest of a name that may not be there. The first host that answers counts, and says so for its upstream. */
  async find(name: Reference): Promise<RawManifest | undefined> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    return this.#fallThrough(registry, ({ host }) => findManifest({ host, repository, name }, name));
  }

  /** What names a manifest of a repository as its subject. The first host that answers counts, as with {@link find}. */
  async referrers(name: Reference, subject: Digest): Promise<readonly Descriptor[]> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    return this.#fallThrough(registry, ({ host }) => referrersOf({ host, repository, name }, subject));
  }

  async blob(name: Reference, blob: Descriptor, sink: BlobWriter, wanted: readonly Range[]): Promise<void> {
    const { registry, repository } = pullLocation(name, this.#options.viaProxy);
    let left = wanted;
    await this.#fallThrough(registry, async ({ host }) => {
      const where: ErrorContext = { image: name.toString(), digest: blob.digest, host: host.endpoint.host };
      const download = new Download({ host, repository, blob, sink, wanted: left, where });
      await download.run().finally(() => {
        left = download.remaining;
      });
    });
  }

  /**
   * Asks whether the API is there and takes the credentials (distribution-spec, "Determining Support").
   *
   * @returns whether it asked for credentials
   * @throws AirgapError `DENIED` when it does not take them, `NOT_FOUND`, `REGISTRY` or `NETWORK`
   */
  async ping(registry: string): Promise<boolean> {
    return this.#fallThrough(registry, async ({ host }) => {
      const where: ErrorContext = { host: host.endpoint.host };
      const attempt = async () => {
        const request = { method: 'GET', repository: '', path: '' } as const;
        const answer = await host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
        if (answer.status !== 200) throw responseError('reach the API', answer, answer.errorBody, where);
      };
      await host.run(attempt, where);
      return (await this.#authorizer.header(host.endpoint.host, '')) !== undefined;
    });
  }

  /** One registry as a place to push to; its mirrors have no part in that. */
  target(registry: string): ImageTarget {
    return new RegistryTarget(this.#host(ownEndpoint(registry, this.#options)));
  }

  /** Asks each host in turn: the mirrors, then the registry itself. @throws what the first one throws */
  async #fallThrough<T>(registry: string, ask: (open: OpenHost) => Promise<T>): Promise<T> {
    const hosts = this.#open(registry).filter(({ isDown }, at, all) => !isDown || at === all.length - 1);
    const failures: AirgapError[] = [];
    for (const open of hosts) {
      try {
        return await ask(open);
      } catch (error) {
        if (!(error instanceof AirgapError) || !FALL_THROUGH.has(error.code)) throw error;
        open.isDown = error.code === 'NETWORK';
        failures.push(error);
        if (open !== hosts.at(-1))
          this.#options.onEvent?.({ type: 'notice', message: fallThroughNotice(open, error) });
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
    const gate =
      this.#limiters.get(host) ?? new HostLimiter(this.#options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#limiters.set(host, gate);
    return gate;
  }
}

function fallThroughNotice({ host }: OpenHost, { message }: AirgapError): string {
  return `${host.endpoint.host}: ${message}; asking the next`;
}

/** The first failure counts, for that is the host to mend; the others are told. */
function combineFailures([first, ...others]: readonly AirgapError[]): AirgapError {
  if (first === undefined) throw new RangeError('nobody was asked');
  if (others.length === 0) return first;
  const also = others.map(({ message, where }) => `${where.host}: ${message}`).join('; ');
  return first.withNote(also);
}
