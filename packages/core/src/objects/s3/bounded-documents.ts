import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { EndedResponse } from '../../http/ended-response.ts';

/** The largest document of a store, in bytes: a list of 1000 keys of 1024 bytes, escaped. */
const MAX_SIZE = 16 * 1024 * 1024;

type Controller = Dispatcher.DispatchController;
type Headers = IncomingHttpHeaders;

/**
 * A dispatcher that ends responses with too large a document: the SDK reads errors, lists and confirmations completely
 * into memory. The content of objects is streamed, and may have any size.
 */
export function withBoundedDocuments(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose(dispatch => (request, handler) => {
    const isRead = request.method === 'GET' && !/[?&]list-type=/.test(request.path);
    return dispatch(request, new BoundingHandler(handler, isRead));
  });
}

class BoundingHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  /** Whether a successful response has the content of an object. */
  readonly #isRead: boolean;
  #available = MAX_SIZE;

  constructor(handler: Dispatcher.DispatchHandler, isRead: boolean) {
    this.#handler = handler;
    this.#isRead = isRead;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, message?: string): void {
    if (this.#isRead && status >= 200 && status < 300) this.#available = Number.POSITIVE_INFINITY;
    this.#handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#available -= chunk.length;
    if (this.#available < 0)
      controller.abort(new EndedResponse(`the response has more than ${MAX_SIZE} bytes`));
    else this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
