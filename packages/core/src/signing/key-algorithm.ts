import type { KeyObject } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';

/** The smallest RSA modulus that is accepted, in bits. */
const MIN_RSA_BITS = 2048;
/** Larger keys take seconds for each signature. */
const MAX_RSA_BITS = 16_384;

/**
 * The hash with which a key signs, as cosign does it: SHA-256 for EC P-256 and RSA (PKCS #1 v1.5), none for Ed25519,
 * which signs the message itself.
 *
 * @param path of the key, for errors
 * @throws AirgapError `INPUT` for other keys
 */
export function hashOf(key: KeyObject, path: string): 'sha256' | null {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return null;
    case 'ec':
      if (namedCurve === 'prime256v1') return 'sha256';
      throw unsupported(path, `EC ${namedCurve}`);
    case 'rsa':
      if (modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS) return 'sha256';
      throw unsupported(path, `RSA with ${modulusLength} bits`);
    default:
      throw unsupported(path, key.asymmetricKeyType ?? key.type);
  }
}

function unsupported(path: string, what: string): AirgapError {
  return new AirgapError('INPUT', `unsupported key: ${what}`, {
    where: { path },
    hint: `Use an EC P-256, Ed25519 or RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits.`,
  });
}
