/** A request that a server has answered. */
export interface LoggedRequest {
  /** Differs between connections. */
  readonly connection: string;
  readonly status: number;
  /** Size of the response body. */
  readonly bytes: number;
  readonly path: string;
}

/** Fields of a line in nginx's log, in the order that `fromNginx` expects. */
export const NGINX_FORMAT = '$connection $status $body_bytes_sent $request_uri';

/** Reads nginx's log. */
export function fromNginx(log: string): LoggedRequest[] {
  return log
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [connection = '', status, bytes, path = ''] = line.split(' ');
      return { connection, status: Number(status), bytes: Number(bytes), path };
    });
}

/**
 * Reads the JSON log of a distribution registry. It has other entries, too, one for each error of a response, and none
 * for paths outside of the API.
 */
export function fromDistribution(log: string): LoggedRequest[] {
  const entries = log
    .split('\n')
    .filter(line => line.includes('"msg":"response completed'))
    .map(line => JSON.parse(line) as Record<string, string | number | undefined>);
  const requests = new Map(entries.map(entry => [entry['http.request.id'], entry]));
  return [...requests.values()].map(entry => ({
    connection: String(entry['http.request.remoteaddr']),
    status: Number(entry['http.response.status']),
    bytes: Number(entry['http.response.written'] ?? 0),
    path: String(entry['http.request.uri']),
  }));
}
