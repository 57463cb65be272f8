import type { Dispatcher } from 'undici';
import { MemorySink, type Sink } from '../content/sink.ts';
import { AirgapError } from '../errors.ts';
import { provesTls } from '../http/connection-error.ts';
import { exchange, type HttpRequest, type ResponseHead } from '../http/exchange.ts';
import type { Authorizer } from './authorizer.ts';
import type { Endpoint } from './endpoint.ts';

const MAX_REDIRECTS = 5;
const MAX_ERROR_BODY = 64 * 1024;

/** A request to the registry's API, below `/v2/`. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD';
  /** Empty for the API as a whole. */
  readonly repository: string;
  /** What follows the repository, for example `blobs/sha256:…`. */
  readonly path: string;
  readonly headers?: Record<string, string>;
}

/** An answer: the body went to the sink on success, and is here otherwise. */
export interface ApiAnswer extends ResponseHead {
  readonly errorBody: Uint8Array;
  /** Whether it came by way of another origin, where the registry keeps its content. */
  readonly redirected: boolean;
}

/**
 * One registry host: finds out whether it has TLS, answers its challenges, follows redirects. The registry's
 * `Authorization` goes to the registry alone, never along a redirect to another origin nor back from there.
 */
export class RegistryHost {
  readonly endpoint: Endpoint;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #signal: AbortSignal | undefined;
  #base: Promise<URL> | undefined;

  constructor(
    endpoint: Endpoint,
    dispatcher: Dispatcher,
    authorizer: Authorizer,
    signal: AbortSignal | undefined,
  ) {
    this.endpoint = endpoint;
    this.#dispatcher = dispatcher;
    this.#authorizer = authorizer;
    this.#signal = signal;
  }

  /**
   * Sends a request, with credentials when the registry asks for them. A body of 200 or 206 goes to the sink that
   * `accept` chooses.
   */
  async send(request: ApiRequest, accept: (head: ResponseHead) => Sink): Promise<ApiAnswer> {
    const { host } = this.endpoint;
    const url = await this.#url(request);
    const scope = request.repository === '' ? '' : `repository:${this.#repository(request)}:pull`;
    const authorization = await this.#authorizer.header(host, scope);
    const answer = await this.#follow(request, url, authorization, accept);
    // Where a redirect leads nobody may ask for the registry's credentials.
    if (answer.status !== 401 || answer.redirected) return answer;
    const challenge = answer.headers['www-authenticate'];
    const refusal = { host, url, scope, challenge, authorization };
    const next = await this.#authorizer.answer(refusal, this.#signal);
    return next === undefined ? answer : await this.#follow(request, url, next, accept);
  }

  async #follow(
    { method, headers = {} }: ApiRequest,
    from: URL,
    authorization: string | undefined,
    accept: (head: ResponseHead) => Sink,
  ): Promise<ApiAnswer> {
    let url = from;
    let redirected = false;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      // Another host that leads back must not choose what the credentials open.
      redirected ||= url.origin !== from.origin;
      const own = authorization && !redirected ? { authorization } : {};
      const answer = await this.#once(
        { method, url, headers: { ...headers, ...own }, signal: this.#signal },
        accept,
      );
      const location = answer.headers.location;
      if (answer.status < 301 || answer.status > 308 || answer.status === 304)
        return { ...answer, redirected };
      url = redirectTarget(location, url, this.endpoint.host);
    }
    throw new AirgapError('REGISTRY', `more than ${MAX_REDIRECTS} redirects`, {
      where: { host: this.endpoint.host },
    });
  }

  async #once(
    request: HttpRequest,
    accept: (head: ResponseHead) => Sink,
  ): Promise<Omit<ApiAnswer, 'redirected'>> {
    const errorBody = new MemorySink(MAX_ERROR_BODY);
    const head = await exchange(this.#dispatcher, request, answer =>
      answer.status === 200 || answer.status === 206 ? accept(answer) : errorBody,
    );
    return { ...head, errorBody: errorBody.bytes };
  }

  #repository({ repository }: ApiRequest): string {
    return this.endpoint.prefix ? `${this.endpoint.prefix}/${repository}` : repository;
  }

  async #url(request: ApiRequest): Promise<URL> {
    this.#base ??= this.#findBase();
    this.#base.catch(() => {
      this.#base = undefined;
    });
    const path = request.repository === '' ? '' : `${this.#repository(request)}/${request.path}`;
    return new URL(`/v2/${path}`, await this.#base);
  }

  /** With one scheme there is nothing to find out; with two, the first that answers at all is taken. */
  async #findBase(): Promise<URL> {
    const { host, schemes } = this.endpoint;
    let last: unknown;
    for (const scheme of schemes) {
      const base = new URL(`${scheme}://${host}/`);
      if (schemes.length === 1) return base;
      try {
        await exchange(
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

function redirectTarget(location: string | string[] | undefined, from: URL, host: string): URL {
  const text = typeof location === 'string' ? location : '';
  const target = text && URL.canParse(text, from.href) ? new URL(text, from) : undefined;
  const downgrade = from.protocol === 'https:' && target?.protocol === 'http:';
  if (target && /^https?:$/.test(target.protocol) && !downgrade) return target;
  throw new AirgapError(
    'REGISTRY',
    downgrade ? 'a redirect leads from https to http' : 'a redirect leads nowhere',
    {
      where: { host },
      hint: `Ask whoever runs ${host} to mend its storage redirects.`,
    },
  );
}
