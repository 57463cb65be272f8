import type { Dispatcher } from 'undici';
import { AirgapError } from '../model/errors.ts';
import type { Sink } from '../store/blob-writer.ts';
import { connectionError } from './connection-error.ts';
import { RetryableError } from './retry.ts';
import { USER_AGENT } from './user-agent.ts';

/** A request body; an iterable needs a `content-length` header. */
export type HttpBody = string | Uint8Array | AsyncIterable<Uint8Array>;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: HttpBody;
  readonly signal?: AbortSignal | undefined;
  /** The longest time for the request and its response, in ms. Default: none. */
  readonly deadline?: number | undefined;
}

/** A response without its body. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/**
 * Sends one request and writes the response body into the sink that `accept` returns for the head. Resolves when the
 * body has ended and every write has settled. It uses undici's dispatch to avoid a stream on the hot path.
 *
 * @throws what `accept` or the sink throws, which aborts the request; the reason of the signal; RetryableError or
 * AirgapError `NETWORK` for connection failures
 */
export async function roundTrip(
  dispatcher: Dispatcher,
  request: HttpRequest,
  accept: (head: ResponseHead) => Sink,
): Promise<ResponseHead> {
  request.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(request, accept, resolve, reject);
    dispatcher.dispatch(dispatchOptions(request), receiver);
  });
}

function dispatchOptions({ url, method, headers, body }: HttpRequest): Dispatcher.DispatchOptions {
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: { 'user-agent': USER_AGENT, ...headers },
    // undici would close the connection after each HEAD request.
    reset: false,
    body: (body as Dispatcher.DispatchOptions['body']) ?? null,
  };
}

/** Receives one response. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #accept: (head: ResponseHead) => Sink;
  readonly #resolve: (head: ResponseHead) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #head: ResponseHead | undefined;
  #sink: Sink | undefined;
  /** A write that has not settled. */
  #pending: Promise<void> | undefined;
  /** Why the request was aborted. */
  #failure: { readonly error: unknown } | undefined;

  constructor(
    request: HttpRequest,
    accept: (head: ResponseHead) => Sink,
    resolve: (head: ResponseHead) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#request = request;
    this.#accept = accept;
    this.#resolve = resolve;
    this.#reject = reject;
    request.signal?.addEventListener('abort', this.#abort, { once: true });
    const { url, deadline } = request;
    if (deadline !== undefined)
      this.#timer = setTimeout(() => this.#fail(tooSlow(url.host, deadline)), deadline);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#request.signal?.aborted) this.#abort();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#head = { status, headers };
    try {
      this.#sink = this.#accept(this.#head);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    try {
      const wait = this.#sink?.write(chunk);
      if (wait !== undefined) this.#pending = this.#pauseFor(controller, wait);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseEnd(): void {
    this.#settle(() => {
      if (this.#failure) this.#reject(this.#failure.error);
      else this.#resolve(this.#head as ResponseHead);
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(() =>
      this.#reject(this.#failure ? this.#failure.error : connectionError(error, this.#request.url)),
    );
  }

  /** Pauses the response until a write has settled. */
  async #pauseFor(controller: Dispatcher.DispatchController, wait: Promise<void>): Promise<void> {
    controller.pause();
    try {
      await wait;
      this.#pending = undefined;
      controller.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #abort = (): void => this.#fail(this.#request.signal?.reason);

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#controller?.abort(asError(error));
  }

  #settle(finish: () => void): void {
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this.#abort);
    if (this.#pending === undefined) finish();
    else void this.#pending.finally(finish);
  }
}

function tooSlow(host: string, deadline: number): RetryableError {
  const seconds = deadline / 1000;
  return new RetryableError(
    new AirgapError('NETWORK', `${host} did not complete its response within ${seconds} seconds`, {
      where: { host },
      hint: `Check the network and the load of ${host}, and try again.`,
    }),
  );
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
