import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { EndedResponse } from './ended-response.ts';

/** A response must deliver this many bytes in every idle timeout, or end. */
const MIN_BYTES = 1024;
/** Informational responses (1xx) before the final one. */
const MAX_INFORMATIONAL = 100;

type Controller = Dispatcher.DispatchController;
type Headers = IncomingHttpHeaders;

/**
 * Aborts a response that trickles, or that consists of informational responses: each byte would restart the idle
 * timeout of the connection. Passes everything else on to another handler.
 */
export class StallGuard implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #timeout: number;
  #timer: NodeJS.Timeout | undefined;
  #received = 0;
  #informational = 0;

  /** @param timeout in ms */
  constructor(handler: Dispatcher.DispatchHandler, timeout: number) {
    this.#handler = handler;
    this.#timeout = timeout;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, message?: string): void {
    this.#timer ??= setInterval(() => this.#check(controller), this.#timeout).unref();
    if (status < 200) {
      this.#countInformational(controller);
    } else {
      this.#timer.refresh();
      this.#handler.onResponseStart?.(controller, status, headers, message);
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#received += chunk.length;
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    clearInterval(this.#timer);
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    clearInterval(this.#timer);
    this.#handler.onResponseError?.(controller, error);
  }

  #countInformational(controller: Controller): void {
    this.#informational += 1;
    if (this.#informational > MAX_INFORMATIONAL)
      controller.abort(new EndedResponse(`more than ${MAX_INFORMATIONAL} informational responses (1xx)`));
  }

  /** A paused response waits for its receiver. */
  #check(controller: Controller): void {
    const received = this.#received;
    this.#received = 0;
    if (controller.paused || received >= MIN_BYTES) return;
    const seconds = this.#timeout / 1000;
    controller.abort(new EndedResponse(`only ${received} bytes arrived in ${seconds} seconds`));
  }
}
