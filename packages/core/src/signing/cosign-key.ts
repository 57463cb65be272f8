import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { parseJson } from '../model/parse-json.ts';

const KEY_SIZE = 32;
const NONCE_SIZE = 24;
/** The memory that scrypt may use, in bytes; cosign's keys need 64 MiB. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_PARALLEL = 4;

const bytes = z.base64().transform(text => Buffer.from(text, 'base64'));
const keySchema = z.object({
  kdf: z.object({
    name: z.literal('scrypt'),
    params: z.object({
      N: z.int().min(2),
      r: z.int().min(1),
      p: z.int().min(1).max(MAX_PARALLEL),
    }),
    salt: bytes,
  }),
  cipher: z.object({
    name: z.literal('nacl/secretbox'),
    nonce: bytes.refine(({ length }) => length === NONCE_SIZE),
  }),
  ciphertext: bytes,
});

/** An encrypted key that cannot be decrypted. */
export class CosignKeyError extends Error {}

/**
 * Decrypts a private key of cosign: scrypt and NaCl's secretbox.
 *
 * @param text the JSON inside of the PEM
 * @returns the key, PKCS #8 in DER form
 * @throws CosignKeyError for an invalid document, too large parameters, and a wrong password
 */
export async function decryptCosignKey(text: string, password: () => Promise<string>): Promise<Buffer> {
  const result = keySchema.safeParse(parseJson(text));
  if (!result.success) throw new CosignKeyError('it is not an encrypted key of cosign');
  const { kdf, cipher, ciphertext } = result.data;
  const { N, r, p } = kdf.params;
  const memory = 128 * N * r;
  if (memory > MAX_MEMORY || !Number.isInteger(Math.log2(N)))
    throw new CosignKeyError(`its scrypt parameters are out of range: N ${N}, r ${r}, p ${p}`);
  const key = await derive(await password(), kdf.salt, KEY_SIZE, { N, r, p, maxmem: 2 * MAX_MEMORY });
  // Only such keys need the package.
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  try {
    return Buffer.from(xsalsa20poly1305(key, cipher.nonce).decrypt(ciphertext));
  } catch {
    throw new CosignKeyError('wrong password');
  }
}

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);
