import { readFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Certificates } from '../support/programs/certificates.ts';

type Certificate = Certificates['server'];

export interface TlsOptions {
  /** The certificate of every host with TLS. */
  readonly certificate: Certificate;
  /** Host → its own certificate. */
  readonly others?: Readonly<Record<string, Certificate>>;
  /** The certificate authority of clients, whose certificates are then requested. */
  readonly clientAuthority?: string;
}

/**
 * Makes a server answer CONNECT requests: it plays the host at the end of the tunnel.
 *
 * @param refuse the status that refuses a tunnel, if any
 * @param serve every request in a tunnel
 */
export function acceptTunnels(
  server: Server,
  { certificate, others = {}, clientAuthority }: TlsOptions,
  refuse: () => number | undefined,
  serve: RequestListener,
): void {
  const ca = clientAuthority === undefined ? {} : { ca: readFileSync(clientAuthority), requestCert: true };
  const tls = createTlsServer({ ...read(certificate), ...ca, rejectUnauthorized: false }, serve);
  for (const [host, other] of Object.entries(others)) tls.addContext(host, read(other));
  server.on('connect', (_request, socket: Socket, head: Buffer) => {
    const status = refuse();
    if (status !== undefined) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.unshift(head);
    tls.emit('connection', socket);
  });
}

function read({ cert, key }: Certificate) {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}
