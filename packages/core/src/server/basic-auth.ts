import { createHash, timingSafeEqual } from 'node:crypto';
import { errorResponse } from './error-response.ts';
import type { HttpResponse } from './http-response.ts';

/** Checks HTTP basic authentication (RFC 7617) against one username and password. */
export class BasicAuth {
  readonly #expected: Buffer;

  constructor({ username, password }: { readonly username: string; readonly password: string }) {
    this.#expected = hashOf(`${username}:${password}`);
  }

  /** @param authorization the `Authorization` header */
  accepts(authorization = ''): boolean {
    const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization)?.[1] ?? '';
    return timingSafeEqual(hashOf(Buffer.from(encoded, 'base64')), this.#expected);
  }
}

/** The response to a request without valid credentials. */
export function challenge(): HttpResponse {
  return errorResponse('UNAUTHORIZED', 'authentication required', {
    'WWW-Authenticate': 'Basic realm="airgap", charset="UTF-8"',
  });
}

/** Hashes have equal lengths, so a comparison does not reveal the length of the password. */
function hashOf(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}
