import type { ServerResponse } from 'node:http';
import { sendError } from './response.ts';

/** Basic credentials, or a token from the registry's own `/token`; without a username, everybody gets one. */
export interface AuthOptions {
  readonly scheme: 'basic' | 'bearer';
  readonly username?: string;
  readonly password?: string;
}

/** Decides which requests a registry serves. */
export class Auth {
  readonly #origin: string;
  readonly #options: AuthOptions | undefined;
  #generation = 1;

  constructor(origin: string, options?: AuthOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** The only valid token. */
  get token(): string {
    return `the-token-${this.#generation}`;
  }

  /** Invalidates the token. */
  expire(): void {
    this.#generation += 1;
  }

  accepts(authorization: string | undefined): boolean {
    if (!this.#options) return true;
    return authorization === (this.#options.scheme === 'basic' ? this.#basic() : `Bearer ${this.token}`);
  }

  challenge(response: ServerResponse): void {
    const bearer = `Bearer realm="${this.#origin}/token",service="test"`;
    const isBasic = this.#options?.scheme === 'basic';
    response.setHeader('www-authenticate', isBasic ? 'Basic realm="test"' : bearer);
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  /** Answers a request to `/token`. */
  sendToken(authorization: string | undefined, response: ServerResponse): void {
    const isAnonymous = this.#options !== undefined && this.#options.username === undefined;
    if (isAnonymous || authorization === this.#basic()) response.end(JSON.stringify({ token: this.token }));
    else sendError(response, 401, 'UNAUTHORIZED', 'wrong password');
  }

  #basic(): string {
    const { username = '', password = '' } = this.#options ?? {};
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
}
