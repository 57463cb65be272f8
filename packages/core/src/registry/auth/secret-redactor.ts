import { maskSecrets } from '../../model/secrets.ts';
import type { Credentials } from './credential.ts';

/** Every password and token that registries and token services were sent: some of them quote what they get. */
export class SecretRedactor {
  /** The longest first: one may be a part of another. */
  #texts: readonly string[] = [];

  addCredentials({ username, password, identityToken = '' }: Credentials): void {
    this.#add(password, identityToken, basicCredentials({ username, password }));
  }

  addToken(token: string): void {
    this.#add(token);
  }

  /** Hides them in what others wrote, and whatever else looks like a secret; see {@link maskSecrets}. */
  mask(text: string): string {
    return maskSecrets(this.#texts.reduce((masked, secret) => masked.replaceAll(secret, '***'), text));
  }

  #add(...secrets: readonly string[]): void {
    const spelt = secrets.flatMap(secret => [secret, encodeURIComponent(asSent(secret))]);
    const texts = new Set([...this.#texts, ...spelt].filter(Boolean));
    this.#texts = [...texts].sort((a, b) => b.length - a.length);
  }
}

/** In UTF-8 there is no half of a surrogate pair. */
function asSent(secret: string): string {
  return Buffer.from(secret).toString();
}

/** What follows `Basic` (RFC 7617). */
export function basicCredentials({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
