import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { systemErrorReason } from '../fs/system-error.ts';
import { AirgapError } from '../model/errors.ts';

const DEFAULT_TIMEOUT = 120_000;
/** Keep-alive timeout in ms, longer than the timeout of common clients. */
const KEEP_ALIVE_TIMEOUT = 100_000;
/** In ms. */
const HANDSHAKE_TIMEOUT = 10_000;

/** The address to listen on. */
export interface ListenAddress {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
}

/** Options of the listener. */
export interface ListenOptions {
  /** Use TLS with this certificate. */
  readonly tls?: ServerCertificate | undefined;
  /** Idle timeout of a connection, in ms: the longest time without progress. Default 120,000. */
  readonly timeout?: number | undefined;
}

/** A certificate and its private key, in PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An open port and its connections. */
export class Listener implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    // Node does not track connections that are still in the TLS handshake.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * Opens the port.
   *
   * @throws AirgapError `NETWORK` when the address is not available, `INPUT` for an invalid certificate
   */
  static async open(
    { host, port }: ListenAddress,
    { tls, timeout = DEFAULT_TIMEOUT }: ListenOptions,
    onRequest: RequestListener,
  ): Promise<Listener> {
    const server = tls ? secureServer(tls) : createServer();
    server.timeout = timeout;
    server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT;
    // A request with `Expect` gets its final response at once: the registry never reads a request body.
    server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest);
    const listener = new Listener(server);
    const listening = once(server, 'listening');
    server.listen({ host, port });
    await listening.catch(cause => {
      throw cannotListen(`${host}:${port}`, cause);
    });
    return listener;
  }

  /** `127.0.0.1:5000`, the host part of image references. */
  get host(): string {
    const { address, family, port } = this.#address;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return `${host}:${port}`;
  }

  /** Whether only this machine can connect. */
  get isLoopback(): boolean {
    const { address } = this.#address;
    return address === '::1' || address.startsWith('127.');
  }

  get #address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Closes the port and all connections immediately, including active ones. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function secureServer(certificate: ServerCertificate): Server {
  try {
    // With an empty file, Node starts and then fails every handshake.
    if (!certificate.cert || !certificate.key) throw new RangeError('the file is empty');
    return createSecureServer({ ...certificate, handshakeTimeout: HANDSHAKE_TIMEOUT });
  } catch (cause) {
    throw new AirgapError('INPUT', 'invalid TLS certificate or private key', {
      cause,
      hint: 'Provide a certificate and its private key in PEM, without a passphrase.',
    });
  }
}

function cannotListen(host: string, cause: NodeJS.ErrnoException): AirgapError {
  return new AirgapError('NETWORK', `cannot listen: ${systemErrorReason(cause)}`, {
    where: { host },
    cause,
    hint: 'Choose another address, or use port 0 to select a free port.',
  });
}
