import type { LoggedRequest } from '../test/support/programs/request-log.ts';

/** A server that logs its requests. */
export interface LoggingServer {
  /** Its requests so far, in order. */
  responses(): readonly LoggedRequest[];
}

/** What a server has done for a program. */
export interface Traffic {
  readonly requests: number;
  readonly connections: number;
  /** Bytes of all response bodies. */
  readonly received: number;
}

/** Sums up requests. */
export function trafficOf(requests: readonly LoggedRequest[]): Traffic {
  return {
    requests: requests.length,
    connections: new Set(requests.map(({ connection }) => connection)).size,
    received: requests.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
