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
  /** Empty for the API as a whole. */
  readonly repository: string;
  /** What follows the repository, for example `blobs/sha256:…`; or a URL that the registry has named. */
  readonly path: string | URL;
  readonly headers?: Record<string, string>;
  /** Makes the body, anew for every try. */
  readonly body?: (() => HttpBody) | undefined;
  /** Whether the repository is to be written to. */
  readonly push?: boolean;
  /** Another repository that is to be read from. */
  readonly from?: string | undefined;
}

/** An answer: the body went to the sink on success, and is here otherwise. */
export interface ApiResponse extends ResponseHead {
  readonly errorBody: Uint8Array;
  /** What was sent to registries so far and is nobody else's business. */
  readonly secrets: SecretRedactor;
  /** Where it came from. */
  readonly url: URL;
  /** Whether it came by way of another origin than the registry's, for example where it keeps its content. */
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
 * One registry host: finds out whether it has TLS, answers its challenges, follows redirects, and is asked no more
 * at once than it bears. The registry's `Authorization` goes to the registry alone, never along a redirect to
 * another origin nor back from there.
 */
export class RegistryHost {
  readonly endpoint: Endpoint;
  readonly #options: HostOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #signal: AbortSignal | undefined;
  #base: Promise<URL> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.#dispatcher = options.dispatcher;
    this.#authorizer = options.authorizer;
    this.#signal = options.signal;
  }

  /** Runs an attempt once there is room, and again while it fails transiently. @param where is added to its errors */
  async run<T>(attempt: () => Promise<T>, where: ErrorContext, options: RunOptions = {}): Promise<T> {
    const { limiter, signal, onEvent } = this.#options;
    try {
      return await withRetries(attempt, { host: this.endpoint.host, limiter, signal, onEvent, ...options });
    } catch (error) {
      throw error instanceof AirgapError ? error.withContext(where) : error;
    }
  }

  /**
   * Sends a request, with credentials when the registry asks for them. A body of 200 or 206 goes to the sink that
   * `accept` chooses.
   */
  async send(request: ApiRequest, accept: (head: ResponseHead) => Sink): Promise<ApiResponse> {
    const { host } = this.endpoint;
    const home = await this.#home();
    const url = this.#url(request, home);
    const scope = this.#scope(request);
    const authorization = await this.#authorizer.header(host, scope);
    const answer = await this.#follow(request, url, home, authorization, accept);
    // Where a redirect leads nobody may ask for the registry's credentials.
    if (answer.status !== 401 || answer.redirected) return answer;
    const challenge = answer.headers['www-authenticate'];
    const refusal = { host, url, scope, challenge, authorization };
    const next = await this.#authorizer.answer(refusal, this.#signal);
    return next === undefined ? answer : await this.#follow(request, url, home, next, accept);
  }

  async #follow(
    { method, headers = {}, body }: ApiRequest,
    from: URL,
    home: URL,
    authorization: string | undefined,
    accept: (head: ResponseHead) => Sink,
  ): Promise<ApiResponse> {
    let url = from;
    let redirected = false;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      // Another host that leads back must not choose what the credentials open.
      redirected ||= url.origin !== home.origin;
      const own = authorization && !redirected ? { authorization } : {};
      const answer = await this.#once(
        {
          method,
          url,
          headers: { ...headers, ...own },
          ...(body ? { body: body() } : {}),
          signal: this.#signal,
        },
        accept,
      );
      if (!isRedirect(answer)) return { ...answer, url, redirected };
      url = locationOf({ ...answer, url }, this.endpoint.host);
    }
    throw new AirgapError('REGISTRY', `more than ${MAX_REDIRECTS} redirects`, {
      where: { host: this.endpoint.host },
    });
  }

  async #once(
    request: HttpRequest,
    accept: (head: ResponseHead) => Sink,
  ): Promise<Omit<ApiResponse, 'url' | 'redirected'>> {
    const errorBody = new MemorySink(MAX_ERROR_BODY);
    await this.#options.limiter.open(this.#signal);
    const head = await roundTrip(this.#dispatcher, request, answer =>
      answer.status === 200 || answer.status === 206 ? accept(answer) : errorBody,
    );
    return { ...head, errorBody: errorBody.bytes, secrets: this.#authorizer.secrets };
  }

  #repository(repository: string): string {
    return this.endpoint.prefix ? `${this.endpoint.prefix}/${repository}` : repository;
  }

  /** What a token has to allow (distribution, "Token Scope"). */
  #scope({ repository, push, from }: ApiRequest): string {
    if (repository === '') return '';
    const own = `repository:${this.#repository(repository)}:${push ? 'pull,push' : 'pull'}`;
    return from === undefined ? own : `${own} repository:${this.#repository(from)}:pull`;
  }

  #url({ path, repository }: ApiRequest, home: URL): URL {
    if (path instanceof URL) return path;
    return new URL(`/v2/${repository === '' ? '' : `${this.#repository(repository)}/${path}`}`, home);
  }

  /** The origin that the credentials are for. */
  #home(): Promise<URL> {
    this.#base ??= this.#findBase();
    this.#base.catch(() => {
      this.#base = undefined;
    });
    return this.#base;
  }

  /** With one scheme there is nothing to find out; with two, the first that answers at all is taken. */
  async #findBase(): Promise<URL> {
    const { host, schemes } = this.endpoint;
    let last: unknown;
    for (const scheme of schemes) {
      const base = new URL(`${scheme}://${host}/`);
      if (schemes.length === 1) return base;
      try {
        await roundTrip(
          this.#dispatcher,
          { method: 'GET', url: new URL('/v2/', base), headers: {}, signal: this.#signal },
          () => new MemorySink(MAX_ERROR_BODY),
        );
        return base;
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (error instanceof AirgapError && error.code !== 'NETWORK') throw error;
        last = error;
        // Where there is TLS, going on without it would be a downgrade.
        if (provesTls((error as Error).cause)) break;
      }
    }
    throw last;
  }
}

function isRedirect({ status }: ResponseHead): boolean {
  return status >= 301 && status <= 308 && status !== 304;
}
