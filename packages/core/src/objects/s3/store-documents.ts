import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { EndedResponse } from '../../http/ended-response.ts';

/** The largest document of a store, in bytes: a list of 1000 keys of 1024 bytes, escaped. */
const MAX_SIZE = 16 * 1024 * 1024;

type Controller = Dispatcher.DispatchController;
type Headers = IncomingHttpHeaders;

/** A web page in place of a document: the server does not speak S3. */
export class WebPage extends Error {}

/**
 * A dispatcher that ends responses with too large a document, or a web page: the SDK reads errors, lists and confirmations
 * completely into memory, and takes what it does not know for an empty list. The content of objects is streamed, and may
 * have any size and type.
 */
export function withCheckedDocuments(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose(dispatch => (request, handler) => {
    const isRead = request.method === 'GET' && !/[?&]list-type=/.test(request.path);
    const isAboutObject = isRead || request.method === 'HEAD';
    return dispatch(request, new CheckingHandler(handler, isAboutObject));
  });
}

class CheckingHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  /** Whether a successful response has the headers of an object, and its content. */
  readonly #isAboutObject: boolean;
  #available = MAX_SIZE;

  constructor(handler: Dispatcher.DispatchHandler, isAboutObject: boolean) {
    this.#handler = handler;
    this.#isAboutObject = isAboutObject;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, message?: string): void {
    const isSuccess = status >= 200 && status < 300;
    const type = headers['content-type'];
    if (isSuccess && this.#isAboutObject) this.#available = Number.POSITIVE_INFINITY;
    else if (isSuccess && /^text\/html\b/i.test(String(type))) {
      controller.abort(new WebPage(`it answered ${status} with a web page, expected XML`));
      return;
    }
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
