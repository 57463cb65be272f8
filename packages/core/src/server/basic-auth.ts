import { createHash, timingSafeEqual } from 'node:crypto';
import { errorResponse } from './error-response.ts';
import type { HttpResponse } from './http-response.ts';

/** Who may read, by HTTP's basic authentication (RFC 7617). */
export class BasicAuth {
  readonly #expected: Buffer;

  constructor({ username, password }: { readonly username: string; readonly password: string }) {
    this.#expected = fingerprint(`${username}:${password}`);
  }

  /** @param authorization the header of that name */
  accepts(authorization = ''): boolean {
    const [, encoded = ''] = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization) ?? [];
    return timingSafeEqual(fingerprint(Buffer.from(encoded, 'base64')), this.#expected);
  }
}

/** What anybody else is told. */
export function challenge(): HttpResponse {
  return errorResponse('UNAUTHORIZED', 'authentication required', {
    'WWW-Authenticate': 'Basic realm="airgap", charset="UTF-8"',
  });
}

/** Equal in length, so that comparing tells nothing about the password's. */
function fingerprint(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}
