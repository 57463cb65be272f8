import { type IncomingHttpHeaders, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Why the body is incomplete. */
  readonly broken?: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** A certificate authority to trust, in PEM. */
  readonly ca?: string;
}

/** Sends one request; the target is not normalised. */
export function sendRequest(origin: string, target: string, options: RequestOptions = {}): Promise<Reply> {
  const { hostname, port, protocol } = new URL(origin);
  const send = protocol === 'https:' ? overHttps : overHttp;
  return new Promise((resolve, reject) => {
    const request = send({ ...options, hostname, port, path: target, agent: false }, response => {
      const { statusCode: status = 0, headers } = response;
      const chunks: Buffer[] = [];
      const reply = () => ({ status, headers, body: Buffer.concat(chunks) });
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => resolve(reply()));
      response.on('error', error => resolve({ ...reply(), broken: error.message }));
    });
    request.on('error', reject).end();
  });
}
