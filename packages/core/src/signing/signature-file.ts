import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import { shownPath, withSuffix } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { formatId, MinisignKey, parseMinisignSignature } from './minisign.ts';
import type { PublicKey, SigstoreKey } from './public-key.ts';
import { type FileSignature, parseSigstoreBundle } from './sigstore-bundle.ts';
import { readIfPresent, readSmall } from './small-file.ts';

/** In bytes. A sigstore bundle of a file has a few KiB. */
const MAX_SIGNATURE_SIZE = 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/]{40,}={0,2}$/;

/** The path where the signature of a file is. @param key minisign has its own form of signatures */
export function signaturePath(file: string, key?: PublicKey): string {
  return withSuffix(file, key instanceof MinisignKey ? '.minisig' : '.sigstore.json');
}

/** A file that must be signed. */
export interface SignedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Checks the signature of a file: a sigstore bundle, a signature of minisign, or the signature itself, also in base64.
 *
 * @param signature its path or URL; by default it is beside the file
 * @throws AirgapError `CONTENT` when there is no signature, or when the key has not made it for this file; `INPUT`
 * when the signature cannot be read
 */
export async function checkSignature(
  { path, bytes }: SignedFile,
  key: PublicKey,
  { signature: given, ...remote }: ObjectOptions & { readonly signature?: string | undefined },
): Promise<void> {
  const source = given ?? signaturePath(path, key);
  const read = given === undefined ? readIfPresent : readSmall;
  const signature = await read('the signature', source, MAX_SIGNATURE_SIZE, remote);
  const shown = shownPath(source);
  if (signature === undefined) throw unsigned(shown);
  const file = { path: shownPath(path), bytes };
  if (key instanceof MinisignKey) checkMinisign(file, key, { path: shown, bytes: signature });
  else checkSigstore(file, key, parseSignature(signature, shown));
}

function checkMinisign(file: SignedFile, key: MinisignKey, { path, bytes }: SignedFile): void {
  const signature = parseMinisignSignature(Buffer.from(bytes).toString('utf8'));
  if (!signature) throw mismatch(path, 'it is not a signature of minisign');
  if (key.verifies(file.bytes, signature)) return;
  if (key.isNamedBy(signature)) throw changed(file);
  throw otherKey(file, key, `key id ${formatId(signature.keyId)}`, `key id ${key.id}`);
}

function checkSigstore(file: SignedFile, key: SigstoreKey, made: FileSignature): void {
  if (key.verifies(file.bytes, made.signature)) return;
  const { hint, sha256 } = made;
  if (hint && hint !== key.hint) throw otherKey(file, key, `hint ${hint}`, `hint ${key.hint}`);
  if (sha256 && !createHash('sha256').update(file.bytes).digest().equals(sha256)) throw changed(file);
  throw new AirgapError('CONTENT', `the signature of ${basename(file.path)} does not match`, {
    where: { path: file.path },
    hint: `Check that ${basename(key.path)} is the key of the vendor, and fetch the files again.`,
  });
}

function parseSignature(bytes: Buffer, path: string): FileSignature {
  const text = bytes.toString('utf8');
  if (text.trimStart().startsWith('{')) return sigstoreSignature(text, path);
  // Programs break lines after 64 or 76 characters.
  const joined = text.replace(/\s/g, '');
  return { signature: BASE64.test(joined) ? Buffer.from(joined, 'base64') : bytes };
}

function sigstoreSignature(text: string, path: string): FileSignature {
  const bundle = parseSigstoreBundle(text);
  if (!bundle) throw mismatch(path, 'it is not a sigstore bundle');
  if (bundle.isKeyless)
    throw new AirgapError('CONTENT', 'the signature was made without a key (keyless), with a certificate', {
      where: { path },
      hint: 'Verify it with cosign verify-blob and the identity of the vendor.',
    });
  if (!bundle.file) throw mismatch(path, 'it signs a statement, not a file');
  return bundle.file;
}

function unsigned(path: string): AirgapError {
  return new AirgapError('CONTENT', `${basename(path)} is missing: this bundle is not signed`, {
    where: { path },
    hint: 'Fetch the signature from the vendor, or name it with --signature.',
  });
}

function mismatch(path: string, reason: string): AirgapError {
  return new AirgapError('CONTENT', `invalid signature: ${reason}`, {
    where: { path },
    hint: 'Fetch the signature again.',
  });
}

function otherKey({ path }: SignedFile, key: PublicKey, made: string, expected: string): AirgapError {
  return new AirgapError(
    'CONTENT',
    `the signature is by another key (${made}); ${basename(key.path)} has ${expected}`,
    { where: { path }, hint: 'Get the key of the vendor by another way than the bundle.' },
  );
}

function changed({ path }: SignedFile): AirgapError {
  return new AirgapError('CONTENT', `${basename(path)} was changed after it was signed`, {
    where: { path },
    hint: 'Fetch the checksums and their signature again.',
  });
}
