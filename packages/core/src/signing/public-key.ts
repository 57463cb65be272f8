import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';
import { hashOf } from './key-algorithm.ts';
import { isMinisign, type MinisignKey, parseMinisignKey } from './minisign.ts';
import { readSmall } from './small-file.ts';

/** In bytes. A public key has less than one KiB. */
const MAX_KEY_SIZE = 64 * 1024;
const PEM = /^-----BEGIN (?:RSA )?PUBLIC KEY-----$/m;

/** A public key that verifies signatures of sigstore: EC P-256, RSA or Ed25519. */
export class SigstoreKey {
  /** The path that it was read from. */
  readonly path: string;
  readonly #key: KeyObject;
  readonly #hash: 'sha256' | null;

  /** @throws AirgapError `INPUT` for another kind of key */
  constructor(key: KeyObject, path: string) {
    this.path = path;
    this.#key = key;
    this.#hash = hashOf(key, path);
  }

  /** How sigstore bundles name the key: the sha256 of its SPKI, in base64. */
  get hint(): string {
    return keyHint(this.#key);
  }

  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    try {
      return verify(this.#hash, message, this.#key, signature);
    } catch {
      // Some malformed signatures are errors of OpenSSL.
      return false;
    }
  }
}

export type PublicKey = SigstoreKey | MinisignKey;

/** How sigstore bundles name a key. */
export function keyHint(publicKey: KeyObject): string {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(spki).digest('base64');
}

/** Reads a public key: PEM as cosign and openssl write it, or a minisign public key. @throws AirgapError `INPUT` */
export async function readPublicKey(path: string): Promise<PublicKey> {
  const text = (await readSmall('the public key', path, MAX_KEY_SIZE)).toString('latin1');
  return isMinisign(text) ? parseMinisignKey(text, path) : parsePem(text, path);
}

function parsePem(text: string, path: string): SigstoreKey {
  // node derives the public key of a private one, which a customer must never have.
  if (text.includes('PRIVATE KEY-----')) throw invalid(path, 'it is a private key');
  if (!PEM.test(text)) throw invalid(path, 'it is neither PEM nor a minisign key');
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw invalid(path, 'its content is damaged');
  }
  return new SigstoreKey(key, path);
}

function invalid(path: string, reason: string): AirgapError {
  return new AirgapError('INPUT', `not a public key: ${reason}`, {
    where: { path },
    hint: 'Pass the public key of the vendor: cosign.pub, a PEM file, or minisign.pub.',
  });
}
