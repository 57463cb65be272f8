import type { Dispatcher } from 'undici';
import { openConnections } from '../../http/connections.ts';
import { receive } from '../../http/failed-response.ts';
import { HostLimiter } from '../../http/host-limiter.ts';
import { isRedirect, locationOf } from '../../http/location.ts';
import { RetryableError, withRetries } from '../../http/retry.ts';
import { type ResponseHead, roundTrip } from '../../http/round-trip.ts';
import { traced } from '../../http/trace.ts';
import { AirgapError, type ErrorContext } from '../../model/errors.ts';
import { shownPath } from '../../model/path-or-url.ts';
import type { Sink } from '../../store/blob-writer.ts';
import { type OnEvent, withTime } from '../../store/events.ts';
import { objectError } from './object-error.ts';
import type { ObjectOptions } from './object-options.ts';
import type { AttemptOptions, GetRange, RangeClient, RangeRequest } from './range-client.ts';
import { authorizationOf, passwordOf, queryValues } from './web-url.ts';

const DEFAULT_CONCURRENCY = 24;
const MAX_REDIRECTS = 10;
/** How much of the body of another response than 206 is read, in bytes. */
/** A response. The body of a 206 went to the sink; the start of others is here. */
interface WebResponse extends ResponseHead {
  readonly body: Uint8Array;
  /** Those of the URL that was requested. */
  readonly secrets: readonly string[];
}

/** Where a request goes, and whether it may have the credentials of the URL. */
interface Hop {
  readonly url: URL;
  readonly isOwn: boolean;
}

/**
 * Sends range requests for one URL: it follows redirects, and remembers where they led. The credentials of the URL are
 * sent to its origin only, never to another one that a redirect leads to, nor when that one redirects back.
 */
export class WebClient implements RangeClient {
  readonly location: string;
  readonly where: ErrorContext;
  readonly onEvent: OnEvent | undefined;
  readonly #start: Hop;
  readonly #authorization: string | undefined;
  readonly #secrets: readonly string[];
  readonly #dispatcher: Dispatcher;
  readonly #limiter: HostLimiter;
  readonly #signal: AbortSignal | undefined;
  readonly #closed = new AbortController();
  /** Where the redirects led. */
  #target: Hop | undefined;

  /** @param url as {@link parseWebUrl} returns it */
  constructor(url: URL, options: ObjectOptions) {
    this.onEvent = withTime(options.onEvent);
    this.#authorization = authorizationOf(url);
    this.#secrets = [url.password, passwordOf(url), ...queryValues(url)];
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    this.#start = { url: bare, isOwn: true };
    this.location = shownPath(bare.href);
    this.where = { host: bare.host, path: this.location };
    this.#limiter = new HostLimiter(options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#signal = options.signal;
    const connections = openConnections(options);
    this.#dispatcher =
      options.trace && this.onEvent
        ? traced(connections, { onEvent: this.onEvent, sourceOf: () => 'the URL', mask: shownPath })
        : connections;
  }

  run(attempt: (get: GetRange) => Promise<void>, options: AttemptOptions): Promise<void> {
    const { progress, signal: own } = options;
    const signals = [this.#signal, own, this.#closed.signal].filter(signal => signal !== undefined);
    const signal = AbortSignal.any(signals);
    const limits = { host: this.#start.url.host, limiter: this.#limiter, signal, onEvent: this.onEvent };
    const get: GetRange = (request, accept) => this.#get(request, accept, signal);
    return withRetries(() => attempt(get), { ...limits, progress });
  }

  async #get(
    { range, etag, hasStarted }: RangeRequest,
    accept: (head: ResponseHead) => Sink,
    signal: AbortSignal,
  ): Promise<void> {
    const headers = {
      range: `bytes=${range.start}-${range.end - 1}`,
      'accept-encoding': 'identity',
      ...(etag === undefined ? {} : { 'if-match': etag }),
    };
    const usesRedirect = this.#target !== undefined;
    const response = await this.#follow(headers, accept, signal);
    if (response.status === 206) return;
    const secrets = [...this.#secrets, ...response.secrets];
    const error = objectError({ ...response, url: this.#start.url, secrets, hasStarted }, this.where);
    // The links of redirects expire: the server gives a new one.
    const isExpired = usesRedirect && [400, 401, 403, 410].includes(response.status);
    throw isExpired && error instanceof AirgapError ? new RetryableError(error) : error;
  }

  async #follow(
    headers: Record<string, string>,
    accept: (head: ResponseHead) => Sink,
    signal: AbortSignal,
  ): Promise<WebResponse> {
    const { url: start } = this.#start;
    let hop = this.#target ?? this.#start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const response = await this.#send(hop, headers, accept, signal);
      if (!isRedirect(response)) {
        this.#target = response.status === 206 && hop !== this.#start ? hop : undefined;
        return response;
      }
      const url = locationOf({ ...response, url: hop.url }, start.host);
      hop = { url, isOwn: hop.isOwn && url.origin === start.origin };
    }
    throw new AirgapError('REGISTRY', `more than ${MAX_REDIRECTS} redirects`, {
      where: this.where,
      hint: 'Check the URL.',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#dispatcher.destroy();
  }

  async #send(
    { url, isOwn }: Hop,
    headers: Record<string, string>,
    accept: (head: ResponseHead) => Sink,
    signal: AbortSignal,
  ): Promise<WebResponse> {
    const authentication = isOwn && this.#authorization ? { authorization: this.#authorization } : {};
    const request = { method: 'GET', url, headers: { ...headers, ...authentication }, signal } as const;
    await this.#limiter.open(signal);
    const { errorBody: body, ...head } = await receive(
      taking => roundTrip(this.#dispatcher, request, taking),
      response => (response.status === 206 ? accept(response) : undefined),
    );
    return { ...head, body, secrets: queryValues(url) };
  }
}
