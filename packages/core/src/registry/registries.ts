import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import type { Range } from '../content/ranges.ts';
import { type BlobSink, MemorySink } from '../content/sink.ts';
import type { Source } from '../content/source.ts';
import { AirgapError, type ErrorCode, type Where } from '../errors.ts';
import type { OnEvent } from '../events.ts';
import { type ConnectionOptions, openConnections } from '../http/connections.ts';
import type { ResponseHead } from '../http/exchange.ts';
import { Gate } from '../http/gate.ts';
import { type RetryOptions, withRetries } from '../http/retry.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MANIFEST_TYPES } from '../oci/media-type.ts';
import type { Reference } from '../reference/reference.ts';
import { Authorizer } from './authorizer.ts';
import { CredentialStore, type CredentialsByHost } from './credentials.ts';
import { Download } from './download.ts';
import { type EndpointOptions, endpointsFor } from './endpoint.ts';
import { failure } from './failure.ts';
import { RegistryHost } from './host.ts';
import { type Proxied, routeOf } from './route.ts';

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  /** What is pulled through Replicated's proxy, while it keeps its own name. */
  readonly viaProxy?: Proxied | undefined;
  /** Credentials that win over those of the files. */
  readonly credentials?: CredentialsByHost | undefined;
  /** docker's config.json files, the first that knows a host wins; none are read when left out. */
  readonly credentialFiles?: readonly string[] | undefined;
  /** Transfers at once for each host; fewer while it complains. Default 16. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export const DEFAULT_CONCURRENCY = 16;

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
  readonly gate: Gate;
  /** Whether it could not be reached, so that nobody waits for it again. */
  isDown: boolean;
}

/** Every registry there is, as one source of images: the distribution protocol's pull side. */
export class Registries implements Source, AsyncDisposable {
  readonly #options: RegistryOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #hosts = new Map<string, readonly OpenHost[]>();
  readonly #gates = new Map<string, Gate>();

  private constructor(options: RegistryOptions, credentials: CredentialStore) {
    // Every transfer listens to it: that is no leak.
    const signal = AbortSignal.any(options.signal ? [options.signal] : []);
    setMaxListeners(0, signal);
    this.#options = { ...options, signal };
    this.#dispatcher = openConnections(options);
    this.#authorizer = new Authorizer(this.#dispatcher, credentials);
  }

  /** Reads the credentials and opens for business; nothing is connected yet. */
  static async open(options: RegistryOptions): Promise<Registries> {
    const { credentialFiles = [], credentials } = options;
    return new Registries(options, await CredentialStore.read(credentialFiles, credentials));
  }

  /** Drops every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /**
   * @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY` or `NETWORK` from the registry, `CONTENT` when the bytes
   * do not have the digest that was asked for or announced
   */
  async manifest(name: Reference, digest: Digest | undefined = name.digest): Promise<RawManifest> {
    const { registry, repository } = routeOf(name, this.#options.viaProxy);
    return this.#fallThrough(registry, open => this.#manifest(open, repository, name, digest));
  }

  async blob(
    name: Reference,
    blob: Descriptor,
    sink: Pick<BlobSink, 'inOrder' | 'write'>,
    wanted: readonly Range[],
  ): Promise<void> {
    const { registry, repository } = routeOf(name, this.#options.viaProxy);
    let left = wanted;
    await this.#fallThrough(registry, async open => {
      const { host } = open;
      const where: Where = { image: name.toString(), digest: blob.digest, host: host.endpoint.host };
      const retrying = (attempt: () => Promise<void>, progress: () => number, ahead: boolean) =>
        this.#retrying(open, attempt, where, { progress, ahead });
      const download = new Download({ host, repository, blob, sink, wanted: left, where, retrying });
      await download.run().finally(() => {
        left = download.left;
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
    return this.#fallThrough(registry, async open => {
      const { host } = open;
      const where: Where = { host: host.endpoint.host };
      const attempt = async () => {
        const request = { method: 'GET', repository: '', path: '' } as const;
        const answer = await host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
        if (answer.status !== 200) throw failure('reach the API', answer, answer.errorBody, where);
      };
      await this.#retrying(open, attempt, where);
      return (await this.#authorizer.header(host.endpoint.host, '')) !== undefined;
    });
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
          this.#options.onEvent?.({ type: 'notice', message: passedOver(open, error) });
      }
    }
    throw oneOf(failures);
  }

  async #manifest(
    open: OpenHost,
    repository: string,
    name: Reference,
    digest: Digest | undefined,
  ): Promise<RawManifest> {
    const { host } = open;
    const where: Where = { image: name.toString(), host: host.endpoint.host, ...(digest ? { digest } : {}) };
    const path = `manifests/${digest ?? name.effectiveTag}`;
    const headers = { accept: MANIFEST_TYPES.join(', ') };
    const attempt = async () => {
      const sink = new MemorySink(MAX_MANIFEST_SIZE);
      const answer = await host.send({ method: 'GET', repository, path, headers }, () => sink);
      if (answer.status !== 200) throw failure('read the manifest', answer, answer.errorBody, where);
      const { bytes } = sink;
      checkDigest(digestOf(bytes), digest ?? announced(answer), where);
      return rawManifest(bytes, String(answer.headers['content-type'] ?? ''));
    };
    return this.#retrying(open, () => onceMore(attempt), where);
  }

  async #retrying<T>(
    { host, gate }: OpenHost,
    attempt: () => Promise<T>,
    where: Where,
    how: Pick<RetryOptions, 'progress' | 'ahead'> = {},
  ): Promise<T> {
    const { signal, onEvent } = this.#options;
    try {
      return await withRetries(attempt, { host: host.endpoint.host, gate, signal, onEvent, ...how });
    } catch (error) {
      throw error instanceof AirgapError ? error.at(where) : error;
    }
  }

  #open(registry: string): readonly OpenHost[] {
    const known = this.#hosts.get(registry);
    if (known) return known;
    const opened = endpointsFor(registry, this.#options).map(endpoint => ({
      host: new RegistryHost(endpoint, this.#dispatcher, this.#authorizer, this.#options.signal),
      gate: this.#gate(endpoint.host),
      isDown: false,
    }));
    this.#hosts.set(registry, opened);
    return opened;
  }

  #gate(host: string): Gate {
    const gate = this.#gates.get(host) ?? new Gate(this.#options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#gates.set(host, gate);
    return gate;
  }
}

function passedOver({ host }: OpenHost, { message }: AirgapError): string {
  return `${host.endpoint.host}: ${message}; asking the next`;
}

/** The first failure counts, for that is the host to mend; the others are told. */
function oneOf([first, ...others]: readonly AirgapError[]): AirgapError {
  if (first === undefined) throw new RangeError('nobody was asked');
  if (others.length === 0) return first;
  const also = others.map(({ message, where }) => `${where.host}: ${message}`).join('; ');
  return first.also(also);
}

/** A broken cache may be passed over; what is wrong twice stays wrong. */
async function onceMore<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'CONTENT') return attempt();
    throw error;
  }
}

function announced({ headers }: ResponseHead): Digest | undefined {
  const value = headers['docker-content-digest'];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

function checkDigest(actual: Digest, wanted: Digest | undefined, where: Where): void {
  if (wanted === undefined || actual === wanted) return;
  throw new AirgapError(
    'CONTENT',
    `the manifest does not match its digest: expected ${wanted}, got ${actual}`,
    {
      where,
      hint: 'The registry or a proxy on the way changed it; ask again, and if it stays, push the image anew.',
    },
  );
}
