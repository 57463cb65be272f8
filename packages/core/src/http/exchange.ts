import type { Dispatcher } from 'undici';
import type { Sink } from '../content/sink.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** An answer without its body. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/**
 * Sends one request and pushes the answer's body into the sink that `accept` chooses once the head is known.
 * Resolves when the body has ended and every write has settled; what `accept` or the sink throws ends the
 * exchange. Written on undici's dispatch, which spares the hot path a stream.
 */
export async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  accept: (head: ResponseHead) => Sink,
): Promise<ResponseHead> {
  request.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    let head: ResponseHead | undefined;
    let sink: Sink | undefined;
    let pending: Promise<void> | undefined;
    let controller: Dispatcher.DispatchController | undefined;

    const abort = () => controller?.abort(asError(request.signal?.reason));
    const settle = (finish: () => void) => {
      request.signal?.removeEventListener('abort', abort);
      if (pending !== undefined) pending.then(finish, reject);
      else finish();
    };
    request.signal?.addEventListener('abort', abort, { once: true });

    dispatcher.dispatch(
      {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (request.signal?.aborted) abort();
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200) return;
          head = { status, headers };
          sink = accept(head);
        },
        onResponseData(current, chunk) {
          const wait = sink?.write(chunk);
          if (!wait) return;
          current.pause();
          pending = wait.then(
            () => {
              pending = undefined;
              current.resume();
            },
            error => {
              current.abort(asError(error));
              throw error;
            },
          );
          // A failure reaches the caller through onResponseError or settle, whichever comes first.
          pending.catch(() => {});
        },
        onResponseEnd() {
          settle(() => resolve(head as ResponseHead));
        },
        onResponseError(_controller, error) {
          settle(() => reject(error));
        },
      },
    );
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
