import type { IncomingMessage, ServerResponse } from 'node:http';
import { AirgapError, formatWhere } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import { type BasicAuth, challenge } from './basic-auth.ts';
import { errorResponse } from './error-response.ts';
import type { HttpResponse } from './http-response.ts';
import type { Repositories } from './repositories.ts';
import { route } from './router.ts';
import { sendResponse } from './send-response.ts';

/** A read-only registry (distribution-spec, pull and content discovery), without the port it listens on. */
export class Registry {
  readonly #repositories: Repositories;
  readonly #login: BasicAuth | undefined;
  readonly #onEvent: OnEvent;

  /** @param login who may read; everybody when left out */
  constructor(repositories: Repositories, login: BasicAuth | undefined, onEvent: OnEvent) {
    this.#repositories = repositories;
    this.#login = login;
    this.#onEvent = onEvent;
  }

  /** Answers one request to its end. It never fails: what does is told as an event. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let bytes = 0;
    const onSent = (more: number) => {
      bytes += more;
    };
    this.#report(request, response, () => bytes);
    try {
      await sendResponse(this.#answer(request), request, response, onSent);
    } catch (error) {
      // After a client that has gone, nobody misses anything.
      if (response.destroyed) return;
      this.#onEvent({ type: 'notice', message: describe(error) });
      if (response.headersSent) response.destroy();
      else await sendResponse(errorResponse('UNKNOWN', reason(error)), request, response, onSent);
    }
  }

  #answer(request: IncomingMessage): HttpResponse {
    if (this.#login && !this.#login.accepts(request.headers.authorization)) return challenge();
    return route(request, this.#repositories);
  }

  #report(request: IncomingMessage, response: ServerResponse, bytes: () => number): void {
    const started = performance.now();
    const { method = '', url: target = '', socket } = request;
    const client = socket.remoteAddress ?? '';
    response
      .on('error', () => {})
      .once('close', () => {
        const { statusCode: status, writableFinished: complete } = response;
        const elapsed = performance.now() - started;
        this.#onEvent({ type: 'served', client, method, target, status, bytes: bytes(), complete, elapsed });
      });
  }
}

/** What a client is told: what is wrong, but not where on this machine. */
function reason(error: unknown): string {
  return error instanceof AirgapError ? error.message : 'the bundle cannot be read';
}

function describe(error: unknown): string {
  if (error instanceof AirgapError) return `${error.message} (${formatWhere(error.where)})`;
  return error instanceof Error ? error.message : String(error);
}
