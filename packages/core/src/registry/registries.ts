import pLimit, { type LimitFunction } from 'p-limit';
import type { Dispatcher } from 'undici';
import { MemorySink, type Sink } from '../content/sink.ts';
import type { Source } from '../content/source.ts';
import { AirgapError, type Where } from '../errors.ts';
import type { OnEvent } from '../events.ts';
import { type ConnectionOptions, openConnections } from '../http/connections.ts';
import type { ResponseHead } from '../http/exchange.ts';
import { Transient, withRetries } from '../http/retry.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MANIFEST_TYPES } from '../oci/media-type.ts';
import type { Reference } from '../reference/reference.ts';
import { Authorizer } from './authorizer.ts';
import { CredentialStore } from './credentials.ts';
import { type EndpointOptions, endpointFor } from './endpoint.ts';
import { failure } from './failure.ts';
import { RegistryHost } from './host.ts';

export interface RegistryOptions extends EndpointOptions, ConnectionOptions {
  /** docker's config.json files, the first that knows a host wins; none are read when left out. */
  readonly credentialFiles?: readonly string[] | undefined;
  /** Transfers at once for each host. Default 8. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export const DEFAULT_CONCURRENCY = 8;

interface OpenHost {
  readonly host: RegistryHost;
  readonly limit: LimitFunction;
}

/** Every registry there is, as one source of images: the distribution protocol's pull side. */
export class Registries implements Source, AsyncDisposable {
  readonly #options: RegistryOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #hosts = new Map<string, OpenHost>();

  private constructor(options: RegistryOptions, credentials: CredentialStore) {
    this.#options = options;
    this.#dispatcher = openConnections(options);
    this.#authorizer = new Authorizer(this.#dispatcher, credentials);
  }

  /** Reads the credentials and opens for business; nothing is connected yet. */
  static async open(options: RegistryOptions): Promise<Registries> {
    return new Registries(options, await CredentialStore.read(options.credentialFiles ?? []));
  }

  /** Drops every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** Where the traffic for a name goes: the host of its registry, or of the mirror. */
  hostOf(name: Reference): string {
    return this.#open(name.registry).host.endpoint.host;
  }

  /**
   * @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY` or `NETWORK` from the registry, `CONTENT` when the bytes
   * do not have the digest that was asked for or announced
   */
  async manifest(name: Reference, digest: Digest | undefined = name.digest): Promise<RawManifest> {
    const { host, limit } = this.#open(name.registry);
    const where: Where = { image: name.toString(), host: host.endpoint.host, ...(digest ? { digest } : {}) };
    const path = `manifests/${digest ?? name.effectiveTag}`;
    const headers = { accept: MANIFEST_TYPES.join(', ') };
    const attempt = async () => {
      const sink = new MemorySink(MAX_MANIFEST_SIZE);
      const answer = await host.send(
        { method: 'GET', repository: name.repository, path, headers },
        () => sink,
      );
      if (answer.status !== 200) throw failure('read the manifest', answer, answer.errorBody, where);
      const raw = rawManifest(sink.bytes, String(answer.headers['content-type'] ?? ''));
      checkDigest(raw, digest ?? announced(answer), where);
      return raw;
    };
    return limit(() => this.#retrying(host, attempt, where));
  }

  async blob(name: Reference, blob: Descriptor, sink: Sink): Promise<void> {
    const { host, limit } = this.#open(name.registry);
    const where: Where = { image: name.toString(), digest: blob.digest, host: host.endpoint.host };
    let received = 0;
    const attempt = async () => {
      if (received > 0 && received === blob.size) return;
      const headers: Record<string, string> = received > 0 ? { range: `bytes=${received}-` } : {};
      const request = {
        method: 'GET' as const,
        repository: name.repository,
        path: `blobs/${blob.digest}`,
        headers,
      };
      const answer = await host.send(request, head => {
        let skip = received - firstByte(head, received, where);
        return {
          write(chunk) {
            const part = skip > 0 ? chunk.subarray(Math.min(skip, chunk.length)) : chunk;
            skip -= chunk.length - part.length;
            if (part.length === 0) return undefined;
            received += part.length;
            return sink.write(part);
          },
        };
      });
      if (answer.status !== 200 && answer.status !== 206)
        throw failure('read the blob', answer, answer.errorBody, where);
      if (received < blob.size) throw new Transient(cutShort(received, blob.size, where));
    };
    await limit(() => this.#retrying(host, attempt, where, () => received));
  }

  async #retrying<T>(
    host: RegistryHost,
    attempt: () => Promise<T>,
    where: Where,
    progress?: () => number,
  ): Promise<T> {
    const { signal, onEvent } = this.#options;
    try {
      return await withRetries(attempt, { host: host.endpoint.host, signal, onEvent }, progress);
    } catch (error) {
      throw error instanceof AirgapError ? error.at(where) : error;
    }
  }

  #open(registry: string): OpenHost {
    const known = this.#hosts.get(registry);
    if (known) return known;
    const endpoint = endpointFor(registry, this.#options);
    const opened = {
      host: new RegistryHost(registry, endpoint, this.#dispatcher, this.#authorizer, this.#options.signal),
      limit: pLimit(this.#options.concurrency ?? DEFAULT_CONCURRENCY),
    };
    this.#hosts.set(registry, opened);
    return opened;
  }
}

/** Where an answer begins: a 206 says so, and a registry that ignores ranges begins at the first byte. */
function firstByte({ status, headers }: ResponseHead, wanted: number, where: Where): number {
  if (status === 200) return 0;
  const match = /^bytes (\d+)-/.exec(String(headers['content-range'] ?? ''));
  const start = Number(match?.[1] ?? Number.NaN);
  if (start === wanted) return start;
  throw new AirgapError(
    'REGISTRY',
    `asked for the bytes from ${wanted} on, the registry sent another range`,
    { where },
  );
}

function announced({ headers }: ResponseHead): Digest | undefined {
  const value = headers['docker-content-digest'];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

function checkDigest(raw: RawManifest, wanted: Digest | undefined, where: Where): void {
  if (wanted === undefined || raw.digest === wanted) return;
  throw new AirgapError(
    'CONTENT',
    `the manifest does not match its digest: expected ${wanted}, got ${raw.digest}`,
    {
      where,
      hint: 'The registry or a proxy on the way changed it; ask again, and if it stays, push the image anew.',
    },
  );
}

function cutShort(received: number, size: number, where: Where): AirgapError {
  return new AirgapError('NETWORK', `the blob was cut short: got ${received} of ${size} bytes`, {
    where,
    hint: 'Try again; if it always ends there, the registry has lost part of the blob: push the image anew.',
  });
}
