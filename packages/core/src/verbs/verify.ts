import type { BlobAmount } from '../layout/blob-usage.ts';
import type { LayoutForm } from '../layout/layout-files.ts';
import { OpenLayouts } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { parseDigest } from '../oci/digest.ts';
import { BundleChecksums, type SignatureOptions } from '../signing/bundle-checksums.ts';
import { ImagePolicy, type ImageSignature, type SignatureRule } from '../signing/image-policy.ts';
import type { Problem } from '../verify/problem.ts';
import { checkOptions } from './check-options.ts';
import { Verification } from './verification.ts';
import { namingParts, verifyOnePart } from './verify-part.ts';

/** The options of {@link verify}. */
export interface VerifyOptions extends SignatureOptions, ObjectOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory; or a stream, read once. */
  readonly bundle: string | AsyncIterable<Uint8Array>;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
  /** Accept a delta without the layers that it leaves to its base. */
  readonly allowMissingBase?: boolean | undefined;
  /** The sha256 that the file, or its `index.json`, must have: `sha256:` and 64 hex digits. */
  readonly digest?: string | undefined;
  /**
   * Also decompress the layers and compare them with the `diff_ids` of their configs. It takes several times as long, and
   * needs a stored bundle.
   */
  readonly diffIds?: boolean | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
}

/** What {@link verify} found. */
export interface VerifyResult {
  readonly path: string;
  /** How it is stored: a bundle, a delta, an archive of another tool, a directory; or one part that was verified alone. */
  readonly form: LayoutForm | 'part';
  /** The digest of its `index.json`; undefined when that cannot be read. */
  readonly digest?: string;
  /** The sha256 of the file, when it was compared with something. */
  readonly fileDigest?: string;
  /** The checksums that it matches, if there are any. */
  readonly checksums?: VerifiedChecksums;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  /** The names of its images. */
  readonly images: readonly string[];
  readonly blobs: number;
  /** The total size of all blobs. */
  readonly bytes: number;
  /** The layers that a delta leaves to its base and that no base has. */
  readonly missing?: BlobAmount;
  /** Empty for an intact bundle. */
  readonly problems: readonly Problem[];
}

/** Checksums that a bundle matches. */
export interface VerifiedChecksums {
  readonly path: string;
  /** The path of the key that has signed them; undefined for checksums that nothing protects. */
  readonly signedBy?: string;
}

/**
 * Verifies a bundle in place, in one pass: all digests match, all references resolve, names are valid, and the file
 * contains nothing else. It returns what is wrong as problems; what is only unusual, such as layers with `urls`, is a
 * `notice` event.
 *
 * With `publicKey`, the signature of the checksums is checked first, and the bundle must match them. Without it, the
 * bundle must match the checksums beside it, if there are any.
 *
 * @throws AirgapError `INPUT` when a file cannot be opened, `DISK` when reading it fails, `CONTENT` when the bundle is not
 * the one that is signed, listed or named by `digest`, `USAGE` for one part with options that need all of them, `SIGNATURE` when an image lacks a required signature, `INTERRUPTED`
 * @example
 * const { problems } = await verify({ bundle: 'bundle.tar', publicKey: 'vendor.pub' });
 * if (problems.length > 0) throw new Error('the bundle is damaged');
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  checkOptions('verify', options, ['bundle']);
  if (options.diffIds && typeof options.bundle !== 'string') throw diffIdsOfStream();
  const expected = options.digest === undefined ? undefined : parseDigest(options.digest);
  return interruptible(options.signal, async () => {
    const part = await verifyOnePart(options);
    if (part) return part;
    const checksums = await checksumsFor(options);
    const policy = await ImagePolicy.read(options.signatures);
    await using bases = await OpenLayouts.open(options.base ?? [], options);
    const verification = new Verification(options, { checksums, expected, policy, bases });
    return await namingParts(options, () => verification.run());
  });
}

function checksumsFor(options: VerifyOptions): Promise<BundleChecksums | undefined> {
  const { bundle, publicKey, checksums } = options;
  if (typeof bundle !== 'string') return streamChecksums(options);
  const isRequested = publicKey !== undefined || checksums !== undefined;
  return isRequested ? BundleChecksums.read(bundle, options) : BundleChecksums.find(bundle, options);
}

/** A stream has no name: it is recognised by its sum. */
async function streamChecksums(options: VerifyOptions): Promise<BundleChecksums | undefined> {
  if (options.publicKey === undefined || options.checksums !== undefined)
    return BundleChecksums.read('', options);
  throw new AirgapError('USAGE', 'verify: publicKey needs checksums for a stream', {
    hint: 'Name the checksums with --checksums FILE.',
  });
}

function diffIdsOfStream(): AirgapError {
  return new AirgapError('USAGE', 'verify: diffIds needs a stored bundle', {
    hint: 'Write the stream to a file, and verify that with --diff-ids.',
  });
}
