import { maskSecrets } from '../../model/secrets.ts';
import type { Credentials } from './credential.ts';

/** Masks every password and token that was sent to registries and token services, as their messages may quote them. */
export class SecretRedactor {
  /** The longest first, as one may contain another. */
  #texts: readonly string[] = [];

  addCredentials({ username, password, identityToken = '', registryToken = '' }: Credentials): void {
    this.#add(password, identityToken, registryToken, basicCredentials({ username, password }));
  }

  addToken(token: string): void {
    this.#add(token);
  }

  /** Masks the secrets in a text, and everything else that looks like a secret; see {@link maskSecrets}. */
  mask(text: string): string {
    return maskSecrets(this.#texts.reduce((masked, secret) => masked.replaceAll(secret, '***'), text));
  }

  #add(...secrets: readonly string[]): void {
    const encoded = secrets.flatMap(secret => [secret, encodeURIComponent(asSent(secret))]);
    const texts = new Set([...this.#texts, ...encoded].filter(Boolean));
    this.#texts = [...texts].sort((a, b) => b.length - a.length);
  }
}

/** Replaces lone surrogates, as UTF-8 does. */
function asSent(secret: string): string {
  return Buffer.from(secret).toString();
}

/** Returns the value after `Basic` (RFC 7617). */
export function basicCredentials({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
