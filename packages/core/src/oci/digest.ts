import { createHash } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';

declare const brand: unique symbol;

/** A content address, `sha256:` and 64 lower-case hex digits (image-spec, descriptor.md, "Digests"). */
export type Digest = string & { readonly [brand]: 'Digest' };

const SHA256 = /^sha256:[0-9a-f]{64}$/;
const ANY = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/;

/** Returns whether the text is a valid sha256 digest. */
export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

/** Returns whether the text has the form of a digest of any algorithm. */
export function hasDigestForm(text: string): boolean {
  return text.startsWith('sha256:') ? isDigest(text) : ANY.test(text);
}

/**
 * Parses a digest. Only sha256 is supported: every registry uses it, and longer digests do not fit into the names
 * of a plain tar.
 *
 * @throws AirgapError `UNSUPPORTED`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new AirgapError('UNSUPPORTED', `not a sha256 digest: ${JSON.stringify(text.slice(0, 140))}`, {
    hint: 'A digest is "sha256:" followed by 64 lower-case hex digits.',
  });
}

/** Computes the sha256 digest of bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return sha256Digest(createHash('sha256').update(bytes).digest());
}

/** Formats a computed sha256. @param hash its 32 bytes */
export function sha256Digest(hash: Uint8Array): Digest {
  return `sha256:${Buffer.from(hash).toString('hex')}` as Digest;
}

/** Returns the hex digits after the algorithm, which are safe as a file name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
