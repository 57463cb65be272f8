import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';
import { CosignKeyError, decryptCosignKey } from './cosign-key.ts';
import { hashOf } from './key-algorithm.ts';
import { keyHint } from './public-key.ts';
import { formatSigstoreBundle } from './sigstore-bundle.ts';
import { readSmall } from './small-file.ts';

/** In bytes. A key has a few KiB. */
const MAX_KEY_SIZE = 64 * 1024;
const COSIGN = /^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----\r?\n(?<body>[^-]+)-----END /m;
const PEM = /^-----BEGIN (?:ENCRYPTED |EC |RSA )?PRIVATE KEY-----$/m;
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----$|^Proc-Type: 4,ENCRYPTED$/m;

/** Returns the password of an encrypted key; it is called only for such a key. */
export type PasswordOf = (path: string) => Promise<string>;

/** A private key that signs files as cosign does. */
export class SigningKey {
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly #hash: 'sha256' | null;

  private constructor(key: KeyObject, path: string) {
    this.#key = key;
    this.#public = createPublicKey(key);
    this.#hash = hashOf(key, path);
  }

  /**
   * Reads a private key: one of cosign, PKCS #8 (also encrypted), SEC 1 or PKCS #1; EC P-256, RSA or Ed25519.
   *
   * @throws AirgapError `INPUT` for another file, another key, and a wrong password
   */
  static async read(path: string, passwordOf: PasswordOf): Promise<SigningKey> {
    const text = (await readSmall('the key', path, MAX_KEY_SIZE)).toString('latin1');
    const body = COSIGN.exec(text)?.groups?.body;
    if (body !== undefined) return new SigningKey(await cosignKey(body, path, passwordOf), path);
    if (!PEM.test(text)) throw invalid(path, 'it has no private key in PEM form');
    const passphrase = ENCRYPTED.test(text) ? await passwordOf(path) : undefined;
    return new SigningKey(pemKey(text, path, passphrase), path);
  }

  /** How sigstore bundles name the key. */
  get hint(): string {
    return keyHint(this.#public);
  }

  /** Signs a file. @returns a sigstore bundle */
  sign(file: Uint8Array): string {
    const signature = sign(this.#hash, file, this.#key);
    const sha256 = createHash('sha256').update(file).digest();
    return formatSigstoreBundle({ signature, hint: this.hint, sha256 });
  }
}

async function cosignKey(body: string, path: string, passwordOf: PasswordOf): Promise<KeyObject> {
  try {
    const der = await decryptCosignKey(Buffer.from(body, 'base64').toString(), () => passwordOf(path));
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch (error) {
    if (error instanceof AirgapError) throw error;
    if (error instanceof CosignKeyError) throw invalid(path, error.message);
    throw invalid(path, 'its content is damaged');
  }
}

/** The cause is left out of errors: it could quote the key. */
function pemKey(text: string, path: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({
      key: text,
      format: 'pem',
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch {
    throw invalid(path, passphrase === undefined ? 'its content is damaged' : 'wrong password');
  }
}

function invalid(path: string, reason: string): AirgapError {
  return new AirgapError('INPUT', `the key cannot be used: ${reason}`, {
    where: { path },
    hint:
      reason === 'wrong password'
        ? 'Set COSIGN_PASSWORD to the password of the key, or unset it to be asked.'
        : 'Pass a private key: of cosign, PKCS #8, SEC 1 or PKCS #1.',
  });
}
