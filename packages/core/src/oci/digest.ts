import { createHash } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';

declare const brand: unique symbol;

/** A content address, `sha256:` and 64 lower-case hex digits (image-spec, descriptor.md, "Digests"). */
export type Digest = string & { readonly [brand]: 'Digest' };

const SHA256 = /^sha256:[0-9a-f]{64}$/;
const ANY = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/;

export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

/** Says whether a text has the form of a digest, also of an algorithm that nothing here has. */
export function hasDigestForm(text: string): boolean {
  return text.startsWith('sha256:') ? isDigest(text) : ANY.test(text);
}

/**
 * Reads a digest. sha256 is the only algorithm taken: it is what every registry serves, and a longer
 * one does not fit the names of a plain tar.
 *
 * @throws AirgapError `UNSUPPORTED`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new AirgapError('UNSUPPORTED', `not a sha256 digest: ${JSON.stringify(text.slice(0, 140))}`, {
    hint: 'A digest is "sha256:" followed by 64 lower-case hex digits.',
  });
}

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return sha256Digest(createHash('sha256').update(bytes).digest());
}

/** The digest that a computed sha256 is written as. @param hash its 32 bytes */
export function sha256Digest(hash: Uint8Array): Digest {
  return `sha256:${Buffer.from(hash).toString('hex')}` as Digest;
}

/** The hex digits after the algorithm; safe as a file name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
