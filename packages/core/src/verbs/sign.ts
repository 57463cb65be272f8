import { resolve } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { SigningKey } from '../signing/private-key.ts';
import { type WrittenChecksums, writeChecksums } from '../signing/write-checksums.ts';
import { checkOptions } from './check-options.ts';

/** A key that signs, and the password for an encrypted one. */
export interface SignOptions {
  /** The path of the private key: of cosign, PKCS #8, SEC 1 or PKCS #1; EC P-256, RSA or Ed25519. */
  readonly key: string;
  /** The password, or a function that asks for it; called only for an encrypted key. */
  readonly password?: string | ((path: string) => Promise<string>) | undefined;
}

/** The options of {@link sign}. */
export interface SignBundleOptions extends SignOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  /** The paths of other files that the checksums list as well: the program, reports. */
  readonly also?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A signed bundle. */
export interface SignResult {
  /** The absolute path of the bundle. */
  readonly path: string;
  /** The digest of its `index.json`. */
  readonly digest: string;
  /** The sha256 of the bundle; undefined for a directory. */
  readonly fileDigest?: string;
  /** The path of the checksums. */
  readonly checksums: string;
  /** The path of their signature, a sigstore bundle. */
  readonly signature: string;
  /** The lines of the checksums. */
  readonly files: readonly { readonly name: string; readonly digest: string }[];
}

/**
 * Writes the checksums of a bundle and signs them, as `cosign sign-blob` does. It reads the bundle once. The bundle is
 * not changed.
 *
 * @throws AirgapError `INPUT` for the key, the bundle and other files, `USAGE` for names that cannot be listed together,
 * `DISK`, `INTERRUPTED`
 * @example
 * await sign({ bundle: 'bundle.tar', key: 'cosign.key', password: process.env.COSIGN_PASSWORD });
 */
export async function sign(options: SignBundleOptions): Promise<SignResult> {
  checkOptions('sign', options, ['bundle', 'key']);
  const { bundle, also, signal } = options;
  return interruptible(signal, async () => {
    const key = await openKey(options);
    const { digest, files, ...written } = await writeChecksums(bundle, { key, also, signal });
    const { checksums, signature, fileDigest } = writtenSums(written);
    return {
      path: resolve(bundle),
      digest,
      ...(fileDigest ? { fileDigest } : {}),
      checksums,
      signature: signature ?? '',
      files,
    };
  });
}

/** Reads a key that signs. @throws AirgapError `INPUT` */
export function openKey({ key, password }: SignOptions): Promise<SigningKey> {
  return SigningKey.read(key, async path => {
    if (typeof password === 'string') return password;
    if (password !== undefined) return password(path);
    throw new AirgapError('USAGE', 'the key is encrypted, and there is no password', {
      where: { path },
      hint: 'Pass the password.',
    });
  });
}

/** The paths and sums of checksums, for the result of a verb. */
export function writtenSums({ path, signature, fileDigest }: Omit<WrittenChecksums, 'digest' | 'files'>) {
  return {
    checksums: resolve(path),
    ...(signature === undefined ? {} : { signature: resolve(signature) }),
    ...(fileDigest === undefined ? {} : { fileDigest }),
  };
}
