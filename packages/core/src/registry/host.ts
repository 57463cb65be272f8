import type { Dispatcher } from 'undici';
import { provesTls } from '../http/connection-error.ts';
import type { HostLimiter } from '../http/host-limiter.ts';
import { type RetryOptions, withRetries } from '../http/retry.ts';
import { type HttpBody, type HttpRequest, type ResponseHead, roundTrip } from '../http/round-trip.ts';
import type { ErrorContext } from '../model/errors.ts';
import { AirgapError } from '../model/errors.ts';
import { MemorySink, type Sink } from '../store/blob-writer.ts';
import type { OnEvent } from '../store/events.ts';
import type { Authorizer } from './auth/authorizer.ts';
import type { SecretRedactor } from './auth/secret-redactor.ts';
import type { Endpoint } from './endpoint.ts';
import { locationOf } from './location.ts';

const MAX_REDIRECTS = 5;
const MAX_ERROR_BODY = 64 * 1024;

/** A request to the registry's API, below `/v2/`. */
export interface ApiRequest {
  readonly method: HttpRequest['method'];
  /** Empty for the base of the API. */
  readonly repository: string;
  /** The path below the repository, for example `blobs/sha256:…`; or a URL from a response of the registry. */
  readonly path: string | URL;
  readonly headers?: Record<string, string>;
  /** Creates the body for each attempt. */
  readonly body?: (() => HttpBody) | undefined;
  /** Whether the request needs write access to the repository. */
  readonly push?: boolean;
  /** Another repository that the request needs read access to. */
  readonly from?: string | undefined;
}

/** A response. The body of a successful one went to the sink; others have it here. */
export interface ApiResponse extends ResponseHead {
  readonly errorBody: Uint8Array;
  /** Masks the credentials that were sent so far. */
  readonly secrets: SecretRedactor;
  /** The URL that sent it, after redirects. */
  readonly url: URL;
  /** Whether a redirect led to another origin than that of the registry, for example to its storage. */
  readonly redirected: boolean;
}

export interface HostOptions {
  readonly endpoint: Endpoint;
  readonly dispatcher: Dispatcher;
  readonly authorizer: Authorizer;
  readonly limiter: HostLimiter;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export type RunOptions = Pick<RetryOptions, 'progress' | 'priority'>;

/**
 * The client of one registry host: it detects TLS, answers authentication challenges, follows redirects and limits
 * concurrent requests. The `Authorization` of the registry is sent to the registry only, never to another origin that
 * a redirect leads to, nor when that one redirects back.
 */
export class RegistryHost {
  readonly endpoint: Endpoint;
  readonly #options: HostOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #signal: AbortSignal | undefined;
  /** Whether the last request could not reach the host. */
  isDown = false;
  #origin: Promise<URL> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.#dispatcher = options.dispatcher;
    this.#authorizer = options.authorizer;
    this.#signal = options.signal;
  }

  /** Runs an attempt within the limits of the host, with retries. @param where is added to its errors */
  async run<T>(attempt: () => Promise<T>, where: ErrorContext, options: RunOptions = {}): Promise<T> {
    const { limiter, signal, onEvent } = this.#options;
    try {
      return await withRetries(attempt, { host: this.endpoint.host, limiter, signal, onEvent, ...options });
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      this.isDown = error.code === 'NETWORK';
      throw error.withContext(where);
    }
  }

  /**
   * Sends a request, with credentials when the registry requires them. The body of a 200 or 206 response goes to the
   * sink that `accept` returns.
   */
  async send(request: ApiRequest, accept: (head: ResponseHead) => Sink): Promise<ApiResponse> {
    const { host } = this.endpoint;
    const origin = await this.#findOrigin();
    const url = this.#url(request, origin);
    const scope = this.#scope(request);
    const authorization = await this.#authorizer.header(host, scope);
    const response = await this.#follow(request, url, origin, authorization, accept);
    // Another origin must not request the credentials of the registry.
    if (response.status !== 401 || response.redirected) return response;
    const header = response.headers['www-authenticate'];
    const challenge = { host, url, scope, header, authorization };
    const renewed = await this.#authorizer.answer(challenge, this.#signal);
    return renewed === undefined ? response : await this.#follow(request, url, origin, renewed, accept);
  }

  async #follow(
    { method, headers = {}, body }: ApiRequest,
    start: URL,
    origin: URL,
    authorization: string | undefined,
    accept: (head: ResponseHead) => Sink,
  ): Promise<ApiResponse> {
    let url = start;
    let redirected = false;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      // After another origin, a redirect back must not get credentials either: that origin chose the URL.
      redirected ||= url.origin !== origin.origin;
      const authentication = authorization && !redirected ? { authorization } : {};
      const response = await this.#sendOnce(
        {
          method,
          url,
          headers: { ...headers, ...authentication },
          ...(body ? { body: body() } : {}),
          signal: this.#signal,
        },
        accept,
      );
      if (!isRedirect(response)) return { ...response, url, redirected };
      url = locationOf({ ...response, url }, this.endpoint.host);
    }
    throw new AirgapError('REGISTRY', `more than ${MAX_REDIRECTS} redirects`, {
      where: { host: this.endpoint.host },
    });
  }

  async #sendOnce(
    request: HttpRequest,
    accept: (head: ResponseHead) => Sink,
  ): Promise<Omit<ApiResponse, 'url' | 'redirected'>> {
    const errorBody = new MemorySink(MAX_ERROR_BODY);
    await this.#options.limiter.open(this.#signal);
    const head = await roundTrip(this.#dispatcher, request, response =>
      response.status === 200 || response.status === 206 ? accept(response) : errorBody,
    );
    return { ...head, errorBody: errorBody.bytes, secrets: this.#authorizer.secrets };
  }

  #repository(repository: string): string {
    return this.endpoint.prefix ? `${this.endpoint.prefix}/${repository}` : repository;
  }

  /** Returns the token scope for a request (distribution, "Token Scope"). */
  #scope({ repository, push, from }: ApiRequest): string {
    if (repository === '') return '';
    const scope = `repository:${this.#repository(repository)}:${push ? 'pull,push' : 'pull'}`;
    return from === undefined ? scope : `${scope} repository:${this.#repository(from)}:pull`;
  }

  #url({ path, repository }: ApiRequest, origin: URL): URL {
    if (path instanceof URL) return path;
    if (repository === '') return new URL('/v2/', origin);
    return new URL(`/v2/${this.#repository(repository)}/${path}`, origin);
  }

  /** The origin of the registry, which receives the credentials. */
  #findOrigin(): Promise<URL> {
    this.#origin ??= this.#detectOrigin();
    this.#origin.catch(() => {
      this.#origin = undefined;
    });
    return this.#origin;
  }

  /** Returns the origin with the only scheme; with two, the first one that responds. */
  async #detectOrigin(): Promise<URL> {
    const { host, schemes } = this.endpoint;
    let lastError: unknown;
    for (const scheme of schemes) {
      const origin = new URL(`${scheme}://${host}/`);
      if (schemes.length === 1) return origin;
      try {
        await roundTrip(
          this.#dispatcher,
          { method: 'GET', url: new URL('/v2/', origin), headers: {}, signal: this.#signal },
          () => new MemorySink(MAX_ERROR_BODY),
        );
        return origin;
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (error instanceof AirgapError && error.code !== 'NETWORK') throw error;
        lastError = error;
        // The host has TLS: using plain HTTP would be a downgrade.
        if (provesTls((error as Error).cause)) break;
      }
    }
    throw lastError;
  }
}

function isRedirect({ status }: ResponseHead): boolean {
  return status >= 301 && status <= 308 && status !== 304;
}
