import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { AirgapError } from '../model/errors.ts';

const DEFAULT_TIMEOUT = 120_000;
/** How long an idle connection is kept for the next request, in ms: longer than clients keep theirs. */
const IDLE = 100_000;
const HANDSHAKE = 10_000;

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** How to listen. */
export interface ListenOptions {
  /** Speak TLS with this. */
  readonly tls?: ServerCertificate | undefined;
  /** The longest that a client may take nothing of what is sent to it, in ms. Default 120,000. */
  readonly timeout?: number | undefined;
}

/** What a TLS server shows, in PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'permission denied',
  ENOTFOUND: 'there is no such host',
};

/** An open port and everybody who is connected to it. */
export class Listener implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    // Node knows its http connections, but not those that are still at the TLS handshake.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws AirgapError `NETWORK` when nothing can listen there, `INPUT` for a certificate that cannot be used */
  static async open(
    { host, port }: ListenAddress,
    { tls, timeout = DEFAULT_TIMEOUT }: ListenOptions,
    onRequest: RequestListener,
  ): Promise<Listener> {
    const server = tls ? secureServer(tls) : createServer();
    server.timeout = timeout;
    server.keepAliveTimeout = IDLE;
    // Whoever waits to be told to go on is told what there is to tell instead.
    server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest);
    const listener = new Listener(server);
    const listening = once(server, 'listening');
    server.listen({ host, port });
    await listening.catch(cause => {
      throw cannotListen(`${host}:${port}`, cause);
    });
    return listener;
  }

  /** `127.0.0.1:5000`, as it stands before an image's name. */
  get host(): string {
    const { address, family, port } = this.#address;
    return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Whether only this machine can reach it. */
  get isLoopback(): boolean {
    const { address } = this.#address;
    return address === '::1' || address.startsWith('127.');
  }

  get #address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  /** Ends everything at once, also what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function secureServer(certificate: ServerCertificate): Server {
  try {
    // Without either, Node would start and then fail at every handshake.
    if (!certificate.cert || !certificate.key) throw new RangeError('the file is empty');
    return createSecureServer({ ...certificate, handshakeTimeout: HANDSHAKE });
  } catch (cause) {
    throw new AirgapError('INPUT', 'the certificate or its key for TLS cannot be used', {
      cause,
      hint: 'Give both in PEM, the key without a pass phrase and belonging to the certificate.',
    });
  }
}

function cannotListen(host: string, cause: NodeJS.ErrnoException): AirgapError {
  const reason = REASONS[cause.code ?? ''] ?? cause.message;
  return new AirgapError('NETWORK', `cannot listen: ${reason}`, {
    where: { host },
    cause,
    hint: 'Choose another address, or port 0 for one that is free.',
  });
}
