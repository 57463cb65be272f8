import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';

const COMMENT = 'untrusted comment:';
const TRUSTED = 'trusted comment: ';
/** The header of an Ed25519 public key in SPKI form (RFC 8410); the 32 bytes of the key follow. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_ID_SIZE = 8;
const KEY_SIZE = 2 + KEY_ID_SIZE + 32;
const SIGNATURE_SIZE = 64;

/** A minisign signature: of the file, and of its trusted comment. */
export interface MinisignSignature {
  /** `Ed` signs the file itself, `ED` its BLAKE2b-512. */
  readonly algorithm: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
  readonly trustedComment: string;
  /** Covers the signature and the trusted comment. */
  readonly commentSignature: Buffer;
}

/** A minisign public key. */
export class MinisignKey {
  /** The path that it was read from. */
  readonly path: string;
  readonly #id: Buffer;
  readonly #key: KeyObject;

  constructor(bytes: Buffer, path: string) {
    this.path = path;
    this.#id = bytes.subarray(2, 2 + KEY_ID_SIZE);
    const der = Buffer.concat([SPKI, bytes.subarray(2 + KEY_ID_SIZE)]);
    this.#key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  }

  /** Its id as minisign prints it. */
  get id(): string {
    return formatId(this.#id);
  }

  /** Whether a signature names this key. */
  isNamedBy({ keyId }: MinisignSignature): boolean {
    return keyId.equals(this.#id);
  }

  verifies(message: Uint8Array, made: MinisignSignature): boolean {
    const { algorithm, signature, trustedComment, commentSignature } = made;
    const isHashed = algorithm === 'ED';
    if (!isHashed && algorithm !== 'Ed') return false;
    const signed = isHashed ? createHash('blake2b512').update(message).digest() : message;
    const comment = Buffer.concat([signature, Buffer.from(trustedComment)]);
    return (
      this.isNamedBy(made) &&
      verify(null, signed, this.#key, signature) &&
      verify(null, comment, this.#key, commentSignature)
    );
  }
}

/** Whether a text is a key or a signature of minisign. */
export function isMinisign(text: string): boolean {
  return text.startsWith(COMMENT);
}

/** Parses a minisign public key. @throws AirgapError `INPUT` */
export function parseMinisignKey(text: string, path: string): MinisignKey {
  const bytes = decode(text.split(/\r?\n/)[1] ?? '', KEY_SIZE);
  if (bytes?.toString('latin1', 0, 2) === 'Ed') return new MinisignKey(bytes, path);
  throw new AirgapError('INPUT', 'not a minisign public key', {
    where: { path },
    hint: 'Pass the minisign.pub of the vendor.',
  });
}

/** Parses a minisign signature; undefined for anything else. */
export function parseMinisignSignature(text: string): MinisignSignature | undefined {
  const [comment = '', line = '', trusted = '', global = ''] = text.split(/\r?\n/);
  const bytes = decode(line, 2 + KEY_ID_SIZE + SIGNATURE_SIZE);
  const commentSignature = decode(global, SIGNATURE_SIZE);
  if (!isMinisign(comment) || !bytes || !commentSignature || !trusted.startsWith(TRUSTED)) return undefined;
  return {
    algorithm: bytes.toString('latin1', 0, 2),
    keyId: bytes.subarray(2, 2 + KEY_ID_SIZE),
    signature: bytes.subarray(2 + KEY_ID_SIZE),
    trustedComment: trusted.slice(TRUSTED.length),
    commentSignature,
  };
}

/** The id of a key as minisign prints it. @param id its 8 bytes, the last first */
export function formatId(id: Buffer): string {
  return Buffer.from(id).reverse().toString('hex').toUpperCase();
}

/** Decodes base64 of an exact number of bytes. */
function decode(text: string, size: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === size && bytes.toString('base64') === text ? bytes : undefined;
}
