import { createSign, randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { output } from './program.ts';

const ISSUER = 'test-issuer';
const SERVICE = 'test-registry';
/** In seconds. */
const LIFETIME = 300;

/** A token service for distribution's `auth: token` (distribution, "Token Authentication Implementation"). */
export class TokenServer implements AsyncDisposable {
  /** The scopes of the issued tokens, in order. */
  readonly granted: string[] = [];
  readonly #server: Server;
  readonly #folder: string;

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
  }

  /** Starts a token service with one user, and a new key and certificate in the folder. */
  static async start(folder: string, username: string, password: string): Promise<TokenServer> {
    const key = join(folder, 'token.key');
    const certificate = join(folder, 'token.pem');
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${ISSUER}`, '-days', '2'];
    await output('openssl', ...request, '-keyout', key, '-out', certificate);
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const service = new TokenServer(server, folder);
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    server.on('request', (incoming, response) => {
      const scope = new URL(incoming.url ?? '/', 'http://token').searchParams.get('scope') ?? '';
      if (incoming.headers.authorization !== expected) {
        response.statusCode = 401;
        response.end('{}');
        return;
      }
      service.granted.push(scope);
      response.end(JSON.stringify({ token: service.#token(scope) }));
    });
    return service;
  }

  /** The `auth` section for the configuration of the registry. */
  get settings(): object {
    const { port } = this.#server.address() as AddressInfo;
    const rootcertbundle = join(this.#folder, 'token.pem');
    return {
      token: { realm: `http://127.0.0.1:${port}/token`, service: SERVICE, issuer: ISSUER, rootcertbundle },
    };
  }

  #token(scope: string): string {
    const now = Math.floor(Date.now() / 1000);
    const [type, name, actions] = scope.split(':');
    const access = scope === '' ? [] : [{ type, name, actions: actions?.split(',') }];
    const certificate = new X509Certificate(readFileSync(join(this.#folder, 'token.pem')));
    const parts = [
      { typ: 'JWT', alg: 'RS256', x5c: [certificate.raw.toString('base64')] },
      {
        iss: ISSUER,
        sub: 'me',
        aud: SERVICE,
        nbf: now - 10,
        iat: now,
        exp: now + LIFETIME,
        jti: randomUUID(),
        access,
      },
    ];
    const text = parts.map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = createSign('RSA-SHA256')
      .update(text)
      .sign(readFileSync(join(this.#folder, 'token.key')));
    return `${text}.${signature.toString('base64url')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
