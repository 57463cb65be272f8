import { basename } from 'node:path';
import { ImagePatterns } from '../input/model/image-patterns.ts';
import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../reference/reference.ts';
import { checkArtifact, type SignatureArtifact } from './image-signature.ts';
import { readPublicKey, SigstoreKey } from './public-key.ts';

/** Which key must have signed which images. The first rule whose pattern matches an image counts. */
export interface SignatureRule {
  /** A name, with `*` for any characters. */
  readonly pattern: string;
  /** The path of the public key; without it, images need no signature. */
  readonly key?: string | undefined;
  /** Whether an image without a signature is refused. Default: true. */
  readonly required?: boolean | undefined;
}

/** What is known about the signature of an image. */
export interface ImageSignature {
  /** The name in the bundle. */
  readonly image: string;
  /** The digest that must be signed. */
  readonly digest: string;
  /**
   * - `signed`    the key has signed the digest
   * - `unsigned`  there is no signature of the digest
   * - `other`     there are signatures, but by another key, or of something else
   */
  readonly state: 'signed' | 'unsigned' | 'other';
  /** The path of the key. */
  readonly key: string;
  readonly required: boolean;
  /** The state in words. */
  readonly message: string;
}

/** An image of a bundle, and where its signatures are. */
export interface SignableImage {
  readonly reference: Reference;
  /** The digest that the name points to in the bundle. */
  readonly digest: Digest;
  /** The digest in the registry; it differs when the bundle has only some platforms of an index. */
  readonly resolved: Digest;
  /** The artifacts in the bundle that refer to the digest. */
  artifacts(): Promise<readonly SignatureArtifact[]>;
}

interface KeyRule {
  readonly pattern: ImagePatterns;
  readonly key: SigstoreKey | undefined;
  readonly required: boolean;
}

/** The policy for the signatures of images. */
export class ImagePolicy {
  readonly #rules: readonly KeyRule[];

  private constructor(rules: readonly KeyRule[]) {
    this.#rules = rules;
  }

  /** Reads the keys. @throws AirgapError `INPUT` */
  static async read(rules: readonly SignatureRule[] = []): Promise<ImagePolicy> {
    return new ImagePolicy(await Promise.all(rules.map(readRule)));
  }

  /** Whether no rule has a key. */
  get isEmpty(): boolean {
    return this.#rules.every(({ key }) => key === undefined);
  }

  /** Checks the signatures of all images that a rule with a key matches. */
  async check(images: readonly SignableImage[]): Promise<ImageSignature[]> {
    const results: ImageSignature[] = [];
    for (const image of images) {
      const rule = this.#rules.find(({ pattern }) => pattern.matches(image.reference));
      if (rule?.key) results.push(await checkImage(image, rule.key, rule.required));
    }
    return results;
  }
}

/** @throws AirgapError `SIGNATURE` with every image that has no required signature */
export function requireSignatures(signatures: readonly ImageSignature[]): void {
  const errors = signatures
    .filter(({ state, required }) => required && state !== 'signed')
    .map(({ image, digest, message, key }) => {
      const where = { image, digest };
      const hint = `Sign it with the key that belongs to ${basename(key)}, or change signatures: in the config.`;
      return new AirgapError('SIGNATURE', message, { where, hint });
    });
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images lack a required signature`);
}

async function checkImage(
  image: SignableImage,
  key: SigstoreKey,
  required: boolean,
): Promise<ImageSignature> {
  const { digest } = image;
  let state: ImageSignature['state'] = 'unsigned';
  for (const artifact of await image.artifacts()) {
    const verdict = await checkArtifact(artifact, digest, key);
    if (verdict === 'other') state = 'other';
    if (verdict !== 'signed') continue;
    state = 'signed';
    break;
  }
  const message = describe(state, image, basename(key.path));
  return { image: image.reference.toString(), digest, state, key: key.path, required, message };
}

function describe(state: ImageSignature['state'], { digest, resolved }: SignableImage, key: string): string {
  if (state === 'signed') return `signed by ${key} (key only, no transparency log)`;
  const problem = state === 'other' ? `no signature by ${key}, only others` : 'no signature';
  if (digest === resolved) return problem;
  return `${problem}; a signature of its index ${resolved} cannot count, as the bundle has only some of its platforms: use --platform all`;
}

async function readRule({ pattern, key: path, required = true }: SignatureRule): Promise<KeyRule> {
  const key = path === undefined ? undefined : await readPublicKey(path);
  if (key === undefined || key instanceof SigstoreKey)
    return { pattern: new ImagePatterns([pattern]), key, required };
  throw new AirgapError('INPUT', 'images cannot be signed with minisign', {
    where: { path: key.path },
    hint: 'Name a public key of cosign.',
  });
}
