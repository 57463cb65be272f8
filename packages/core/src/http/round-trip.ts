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
    let head: ResponseHead | undefined;
    let sink: Sink | undefined;
    let pending: Promise<void> | undefined;
    let controller: Dispatcher.DispatchController | undefined;
    let failure: { readonly error: unknown } | undefined;

    const fail = (error: unknown) => {
      failure ??= { error };
      controller?.abort(asError(error));
    };
    const abort = () => fail(request.signal?.reason);
    const { deadline } = request;
    const expire = () => fail(tooSlow(request.url.host, deadline ?? 0));
    const timer = deadline === undefined ? undefined : setTimeout(expire, deadline);
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', abort);
      if (pending === undefined) finish();
      else void pending.finally(finish);
    };
    /** Pauses the response until a write has settled. */
    const pauseFor = async (current: Dispatcher.DispatchController, wait: Promise<void>) => {
      current.pause();
      try {
        await wait;
        pending = undefined;
        current.resume();
      } catch (error) {
        fail(error);
      }
    };
    request.signal?.addEventListener('abort', abort, { once: true });

    dispatcher.dispatch(
      {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method,
        headers: { 'user-agent': USER_AGENT, ...request.headers },
        // undici would close the connection after each HEAD request.
        reset: false,
        body: (request.body as Dispatcher.DispatchOptions['body']) ?? null,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (request.signal?.aborted) abort();
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200) return;
          head = { status, headers };
          try {
            sink = accept(head);
          } catch (error) {
            fail(error);
          }
        },
        onResponseData(current, chunk) {
          try {
            const wait = sink?.write(chunk);
            if (wait !== undefined) pending = pauseFor(current, wait);
          } catch (error) {
            fail(error);
          }
        },
        onResponseEnd() {
          settle(() => (failure ? reject(failure.error) : resolve(head as ResponseHead)));
        },
        onResponseError(_controller, error) {
          settle(() => reject(failure ? failure.error : connectionError(error, request.url)));
        },
      },
    );
  });
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
