import type { IncomingMessage, ServerResponse } from 'node:http';
import { AirgapError, formatWhere } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import { type BasicAuth, challenge } from './basic-auth.ts';
import { errorResponse } from './error-response.ts';
import { isForeignHost } from './foreign-host.ts';
import type { HttpResponse } from './http-response.ts';
import type { Repositories } from './repositories.ts';
import { route } from './router.ts';
import { sendResponse } from './send-response.ts';

/** A read-only registry (distribution-spec, pull and content discovery), independent of the port. */
export class Registry {
  readonly #repositories: Repositories;
  readonly #auth: BasicAuth | undefined;
  readonly #onEvent: OnEvent;
  /** Set when only this machine can connect: requests for the name of another one are refused. */
  readonly #loopback: string | undefined;

  /**
   * @param auth required credentials; without them, access is anonymous
   * @param loopback the host that it listens on, if only this machine can connect
   */
  constructor(
    repositories: Repositories,
    auth: BasicAuth | undefined,
    onEvent: OnEvent,
    loopback?: string | undefined,
  ) {
    this.#repositories = repositories;
    this.#auth = auth;
    this.#loopback = loopback;
    this.#onEvent = onEvent;
  }

  /** Handles one request completely. It never throws; errors are reported as events. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let bytes = 0;
    const onSent = (more: number) => {
      bytes += more;
    };
    this.#reportServed(request, response, () => bytes);
    try {
      await sendResponse(this.#respond(request), request, response, onSent);
    } catch (error) {
      // The client has disconnected.
      if (response.destroyed) return;
      this.#onEvent({ type: 'notice', message: describe(error) });
      if (response.headersSent) response.destroy();
      else await sendResponse(errorResponse('UNKNOWN', reason(error)), request, response, onSent);
    }
  }

  #respond(request: IncomingMessage): HttpResponse {
    if (this.#auth && !this.#auth.accepts(request.headers.authorization)) return challenge();
    const { host } = request.headers;
    if (!this.#auth && this.#loopback !== undefined && isForeignHost(host, this.#loopback))
      return errorResponse('DENIED', 'the Host header names another machine; connect to 127.0.0.1');
    return route(request, this.#repositories);
  }

  #reportServed(request: IncomingMessage, response: ServerResponse, bytes: () => number): void {
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

/** The reason for the client: without paths of this machine. */
function reason(error: unknown): string {
  return error instanceof AirgapError ? error.message : 'cannot read the bundle';
}

function describe(error: unknown): string {
  if (error instanceof AirgapError) return `${error.message} (${formatWhere(error.where)})`;
  return error instanceof Error ? error.message : String(error);
}
