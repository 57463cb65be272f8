import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

type Controller = Dispatcher.DispatchController;
type Headers = IncomingHttpHeaders;

/**
 * A dispatcher whose response bodies may be kept. Our connections reuse their read buffer, so a chunk is valid only
 * until its receiver returns; a client that queues chunks in a stream needs copies.
 */
export function withCopiedChunks(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose(dispatch => (request, handler) => dispatch(request, new CopyingHandler(handler)));
}

class CopyingHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, message?: string): void {
    this.#handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, Buffer.from(chunk));
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
