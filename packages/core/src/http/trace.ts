import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { OnEvent } from '../store/events.ts';

type Controller = Dispatcher.DispatchController;
type Headers = IncomingHttpHeaders;

/** What a trace says of a request beyond what it sees. */
export interface TraceOptions {
  readonly onEvent: OnEvent;
  /** Where the credentials in an `Authorization` header come from; undefined if it does not know. */
  readonly sourceOf: (authorization: string) => string | undefined;
  /** Masks secrets in URLs and errors. */
  readonly mask: (text: string) => string;
}

/** Reports every request that goes through a dispatcher: a `request` event when its response has ended, or failed. */
export function traced(dispatcher: Dispatcher, options: TraceOptions): Dispatcher {
  return dispatcher.compose(
    dispatch => (request, handler) => dispatch(request, new TraceHandler(handler, request, options)),
  );
}

class TraceHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #request: Dispatcher.DispatchOptions;
  readonly #options: TraceOptions;
  #started = performance.now();
  #status: number | undefined;

  constructor(
    handler: Dispatcher.DispatchHandler,
    request: Dispatcher.DispatchOptions,
    options: TraceOptions,
  ) {
    this.#handler = handler;
    this.#request = request;
    this.#options = options;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#started = performance.now();
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, message?: string): void {
    this.#status = status;
    this.#handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    this.#report();
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#report(error);
    this.#handler.onResponseError?.(controller, error);
  }

  #report(error?: Error): void {
    const { onEvent, sourceOf, mask } = this.#options;
    const { method, origin = '', path } = this.#request;
    const authorization = authorizationOf(this.#request.headers);
    const credentials = authorization === undefined ? undefined : sourceOf(authorization);
    onEvent({
      type: 'request',
      method,
      url: mask(`${origin}${path}`),
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...(error === undefined ? {} : { error: mask(error.message || String(error)) }),
      ...(credentials === undefined ? {} : { credentials }),
      elapsed: performance.now() - this.#started,
    });
  }
}

/** All requests of this client have their headers in an object with lower-case names. */
function authorizationOf(headers: Dispatcher.DispatchOptions['headers']): string | undefined {
  const { authorization } = (headers ?? {}) as Readonly<Record<string, unknown>>;
  return typeof authorization === 'string' ? authorization : undefined;
}
