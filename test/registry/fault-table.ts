import type { ServerResponse } from 'node:http';
import type { Fault } from './registry.ts';
import type { RegistryRequest, Step } from './request.ts';
import { sendError } from './response.ts';

/** One row: what happens to which requests. */
export interface FaultRow {
  /** A step of a push, a pattern of the path, or a condition. */
  readonly at: Step | RegExp | ((request: RegistryRequest) => boolean);
  /** How many requests it applies to; to all when omitted. */
  readonly times?: number;
  readonly fault: Fault;
}

/** Applies the first row that matches a request; a registry takes `table.fault`. */
export class FaultTable {
  readonly #rows: (FaultRow & { injected: number })[];

  constructor(...rows: FaultRow[]) {
    this.#rows = rows.map(row => ({ ...row, injected: 0 }));
  }

  /** How many requests met a fault. */
  get injected(): number {
    return this.#rows.reduce((sum, { injected }) => sum + injected, 0);
  }

  readonly fault: Fault = (request, response, content) => {
    const row = this.#rows.find(
      ({ at, times = Number.POSITIVE_INFINITY, injected }) => injected < times && matches(at, request),
    );
    if (!row) return false;
    row.injected += 1;
    return row.fault(request, response, content);
  };
}

function matches(at: FaultRow['at'], request: RegistryRequest): boolean {
  if (typeof at === 'string') return request.step === at;
  return at instanceof RegExp ? at.test(request.path) : at(request);
}

/** Answers with an error. */
export const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendError(response, code, 'FAULT', 'not now');
    return true;
  };

/** Resets the connection after this many bytes of the request's body. */
export const resetAt =
  (bytes: number): Fault =>
  async ({ incoming }, response: ServerResponse) => {
    let received = 0;
    if (bytes > 0)
      for await (const chunk of incoming) {
        received += chunk.length;
        if (received >= bytes) break;
      }
    response.socket?.resetAndDestroy();
    return true;
  };
