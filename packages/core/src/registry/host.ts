import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { provesTls } from '../http/connection-error.ts';
import { fetchDocument } from '../http/document.ts';
import { receive } from '../http/failed-response.ts';
import type { HostLimiter } from '../http/host-limiter.ts';
import { isRedirect, locationOf } from '../http/location.ts';
import { type HttpRequest, type ResponseHead, roundTrip } from '../http/round-trip.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { MemorySink, type Sink } from '../store/blob-writer.ts';
import type { OnEvent } from '../store/events.ts';
import type { RepositoryTags } from '../store/image-source.ts';
import { type ApiRequest, accessOf, isTransfer, urlOf } from './api-request.ts';
import type { Access, Authorizer } from './auth/authorizer.ts';
import { isAnswerable, parseChallenges } from './auth/challenge.ts';
import type { Denial } from './auth/denial.ts';
import type { SecretRedactor } from './auth/secret-redactor.ts';
import type { Endpoint } from './endpoint.ts';
import { HostAttempts, type RunOptions } from './host-attempts.ts';

const MAX_REDIRECTS = 10;
/** The limit of what the base of the API answers, in bytes: only its status and its challenge are used. */
const MAX_BASE_BODY = 64 * 1024;

/** A response. The body of a successful one went to the sink; others have it here. */
export interface ApiResponse extends ResponseHead {
  readonly errorBody: Uint8Array;
  /** Masks the credentials that were sent so far. */
  readonly secrets: SecretRedactor;
  /** The URL that sent it, after redirects. */
  readonly url: URL;
  /** Whether a redirect led to another origin than that of the registry, for example to its storage. */
  readonly redirected: boolean;
  /** What the credentials tell about a 401 or 403 of the registry. */
  readonly denial?: Denial | undefined;
}

/** One request of those that redirects lead to. */
interface Hop {
  readonly request: ApiRequest;
  readonly url: URL;
  readonly accept: (head: ResponseHead) => Sink;
}

type HopResponse = Omit<ApiResponse, 'url' | 'redirected'>;

/** The value of a `WWW-Authenticate` header. */
type ChallengeHeader = string | string[] | undefined;

export interface HostOptions {
  readonly endpoint: Endpoint;
  readonly dispatcher: Dispatcher;
  readonly authorizer: Authorizer;
  readonly limiter: HostLimiter;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/**
 * The client of one registry host: it detects TLS, answers authentication challenges, follows redirects and limits
 * concurrent requests. The `Authorization` of the registry is sent to the registry only, never to another origin that
 * a redirect leads to, nor when that one redirects back.
 */
export class RegistryHost {
  readonly endpoint: Endpoint;
  /** Whether blobs may be requested in ranges; some registries and storage reject such requests. */
  acceptsRanges = true;
  /** Whether the last request for a range was answered with one; undefined before the first. */
  servesRanges: boolean | undefined;
  /** The tags of repositories that were listed. */
  readonly tags = new Map<string, Promise<RepositoryTags | undefined>>();
  readonly #options: HostOptions;
  readonly #dispatcher: Dispatcher;
  readonly #authorizer: Authorizer;
  readonly #signal: AbortSignal | undefined;
  readonly #attempts: HostAttempts;
  #origin: Promise<URL> | undefined;
  #baseChallenge: Promise<ChallengeHeader> | undefined;
  #accepts: Promise<boolean> | undefined;
  readonly #reported = new Set<string>();

  constructor(options: HostOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.#dispatcher = options.dispatcher;
    this.#authorizer = options.authorizer;
    this.#signal = options.signal;
    this.#attempts = new HostAttempts(options);
  }

  /** Whether it could not be reached, or has failed all attempts of a request while it served no other. */
  get isDown(): boolean {
    return this.#attempts.failure !== undefined;
  }

  /**
   * Runs an attempt within the limits of the host, with retries. A mirror that is down is not tried again.
   *
   * @param where is added to its errors
   */
  run<T>(attempt: () => Promise<T>, where: ErrorContext, options: RunOptions = {}): Promise<T> {
    return this.#attempts.run(attempt, where, options);
  }

  /**
   * After a response with 401 or 403 to the check of something that need not exist: returns whether the registry accepts
   * the credentials as such, and refuses only to answer.
   */
  async acceptsCredentials({ status }: ApiResponse): Promise<boolean> {
    if (status !== 401) return true;
    this.#accepts ??= this.#checkCredentials();
    this.#accepts.catch(() => {
      this.#accepts = undefined;
    });
    return this.#accepts;
  }

  async #checkCredentials(): Promise<boolean> {
    const request = { method: 'GET', repository: '', path: '' } as const;
    const { status } = await this.send(request, () => new MemorySink(MAX_BASE_BODY));
    return status !== 401;
  }

  /** Reports a message once for each topic, whatever the number of requests that it concerns. */
  reportOnce(topic: string, message: string): void {
    if (this.#reported.has(topic)) return;
    this.#reported.add(topic);
    this.#options.onEvent?.({ type: 'notice', message });
  }

  /** Waits. @param delay in ms. @throws the reason of the signal */
  async wait(delay: number): Promise<void> {
    await sleep(delay, undefined, { signal: this.#signal });
  }

  /**
   * Sends a request, with credentials when the registry requires them. The body of a 200 or 206 response goes to the
   * sink that `accept` returns.
   */
  async send(request: ApiRequest, accept: (head: ResponseHead) => Sink): Promise<ApiResponse> {
    const origin = await this.#findOrigin();
    const url = urlOf(request, this.endpoint, origin);
    const access = accessOf(request, this.endpoint);
    const authorization = await this.#authorizer.header(access.host, access.scope);
    const response = await this.#follow(request, url, origin, authorization, accept);
    // Another origin must not request the credentials of the registry.
    if (response.redirected) return response;
    const header = await this.#challengeOf(response, request, origin, authorization);
    if (header === undefined) return this.#explain(response, access, authorization);
    const challenge = { ...access, url, header, authorization };
    const renewed = await this.#authorizer.answer(challenge, this.#signal);
    if (renewed === undefined) return this.#explain(response, access, authorization);
    const repeated = await this.#follow(request, url, origin, renewed, accept);
    return this.#explain(repeated, access, renewed);
  }

  /**
   * Returns the challenge that a response asks to answer. Some registries send none that is known with 401, or answer 403
   * or 404 to anonymous requests: then that of the API's base counts.
   */
  async #challengeOf(
    { status, headers }: ApiResponse,
    { repository }: ApiRequest,
    origin: URL,
    authorization: string | undefined,
  ): Promise<ChallengeHeader> {
    const header = headers['www-authenticate'];
    if (status === 401 && isAnswerable(header)) return header;
    const isHidden = [403, 404].includes(status) && authorization === undefined;
    if (repository === '' || !(status === 401 || isHidden)) return undefined;
    this.#baseChallenge ??= this.#ping(origin);
    this.#baseChallenge.catch(() => {
      this.#baseChallenge = undefined;
    });
    return this.#baseChallenge;
  }

  /** Requests the base of the API without credentials. @returns its challenge, if any */
  async #ping(origin: URL): Promise<ChallengeHeader> {
    const request = {
      method: 'GET',
      url: new URL('/v2/', origin),
      headers: {},
      signal: this.#signal,
    } as const;
    const { status, headers } = await this.#sendOnce(
      request,
      fetchDocument,
      () => new MemorySink(MAX_BASE_BODY),
    );
    return status === 401 ? headers['www-authenticate'] : undefined;
  }

  async #explain(
    response: ApiResponse,
    access: Access,
    authorization: string | undefined,
  ): Promise<ApiResponse> {
    const { status, redirected } = response;
    if (redirected || (status !== 401 && status !== 403)) return response;
    const denial = await this.#authorizer.explain(access, status, authorization !== undefined);
    return { ...response, denial };
  }

  async #follow(
    request: ApiRequest,
    start: URL,
    origin: URL,
    authorization: string | undefined,
    accept: (head: ResponseHead) => Sink,
  ): Promise<ApiResponse> {
    const { host } = this.endpoint;
    let url = start;
    let redirected = false;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      // After another origin, a redirect back must not get credentials either: that origin chose the URL.
      redirected ||= url.origin !== origin.origin;
      const hop = { request, url, accept };
      const response = redirected ? await this.#sendAnonymously(hop) : await this.#sendTo(hop, authorization);
      if (!isRedirect(response)) return { ...response, url, redirected };
      url = locationOf({ ...response, url }, host);
    }
    throw new AirgapError('REGISTRY', `more than ${MAX_REDIRECTS} redirects`, {
      where: { host },
      hint: `Fix the redirects of ${host}, or of the proxy in front of it.`,
    });
  }

  /** Sends a request where a redirect led to; another registry may want its own anonymous token. */
  async #sendAnonymously(hop: Hop): Promise<HopResponse> {
    const response = await this.#sendTo(hop, undefined);
    const header = response.headers['www-authenticate'];
    const bearer = parseChallenges(header).find(({ scheme }) => scheme === 'bearer');
    if (response.status !== 401 || bearer === undefined) return response;
    const { url } = hop;
    const access = { host: url.host, repository: '', scope: bearer.parameters.scope ?? '' };
    const challenge = { ...access, url, header, authorization: undefined, anonymous: true };
    return this.#sendTo(hop, await this.#authorizer.answer(challenge, this.#signal));
  }

  #sendTo({ request, url, accept }: Hop, authorization: string | undefined): Promise<HopResponse> {
    const { method, headers = {}, body } = request;
    const authentication = authorization ? { authorization } : {};
    return this.#sendOnce(
      {
        method,
        url,
        headers: { ...headers, ...authentication },
        ...(body ? { body: body() } : {}),
        signal: this.#signal,
      },
      isTransfer(request) ? roundTrip : fetchDocument,
      accept,
    );
  }

  async #sendOnce(
    request: HttpRequest,
    transport: typeof roundTrip,
    accept: (head: ResponseHead) => Sink,
  ): Promise<HopResponse> {
    await this.#options.limiter.open(this.#signal);
    const response = await receive(
      taking => transport(this.#dispatcher, request, taking),
      head => (head.status === 200 || head.status === 206 ? accept(head) : undefined),
    );
    return { ...response, secrets: this.#authorizer.secrets };
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
        this.#baseChallenge = Promise.resolve(await this.#ping(origin));
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
