import { z } from 'zod';
import { parseJson } from '../model/parse-json.ts';

/** The media type of a sigstore bundle, as cosign 3 writes it. */
export const SIGSTORE_BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const base64 = z.base64();
const digest = z.object({ algorithm: z.string().optional(), digest: base64.optional() });
const bundleSchema = z.object({
  mediaType: z
    .string()
    .regex(/^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.3\+json|\+json;version=0\.[123])$/),
  verificationMaterial: z.object({
    publicKey: z.object({ hint: z.string().optional() }).optional(),
  }),
  messageSignature: z.object({ messageDigest: digest.optional(), signature: base64 }).optional(),
  dsseEnvelope: z
    .object({
      payload: base64,
      payloadType: z.string(),
      signatures: z.array(z.object({ sig: base64 })).min(1),
    })
    .optional(),
});
/** What cosign 2 writes with `--bundle`. */
const legacySchema = z.object({ base64Signature: base64 });

/** The signature of a file. */
export interface FileSignature {
  readonly signature: Buffer;
  /** Says which key signed; it proves nothing. */
  readonly hint?: string | undefined;
  /** The sha256 of the signed file; it proves nothing. */
  readonly sha256?: Buffer | undefined;
}

/** A signed statement (DSSE envelope). */
export interface SignedStatement {
  readonly payload: Buffer;
  readonly payloadType: string;
  readonly signatures: readonly Buffer[];
}

/** What a sigstore bundle signs: a file, or a statement. */
export interface SigstoreBundle {
  readonly file?: FileSignature | undefined;
  readonly statement?: SignedStatement | undefined;
  /** Whether a certificate takes the place of the key (keyless). */
  readonly isKeyless: boolean;
}

/** Parses a sigstore bundle, or the older form of cosign 2; undefined for anything else. */
export function parseSigstoreBundle(text: string): SigstoreBundle | undefined {
  const document = parseJson(text);
  const legacy = legacySchema.safeParse(document);
  if (legacy.success)
    return { file: { signature: Buffer.from(legacy.data.base64Signature, 'base64') }, isKeyless: false };
  const result = bundleSchema.safeParse(document);
  if (!result.success) return undefined;
  const { verificationMaterial, messageSignature, dsseEnvelope } = result.data;
  const { publicKey } = verificationMaterial;
  return {
    file: messageSignature && {
      signature: Buffer.from(messageSignature.signature, 'base64'),
      hint: publicKey?.hint,
      sha256: sha256Of(messageSignature.messageDigest),
    },
    statement: dsseEnvelope && {
      payload: Buffer.from(dsseEnvelope.payload, 'base64'),
      payloadType: dsseEnvelope.payloadType,
      signatures: dsseEnvelope.signatures.map(({ sig }) => Buffer.from(sig, 'base64')),
    },
    isKeyless: publicKey === undefined,
  };
}

/**
 * Formats the signature of a file byte for byte as cosign 3 does. Only with Ed25519, cosign leaves the digest out, and
 * then rejects its own bundle; it accepts one with the digest.
 */
export function formatSigstoreBundle({ signature, hint, sha256 }: Required<FileSignature>): string {
  const messageDigest = { algorithm: 'SHA2_256', digest: sha256?.toString('base64') };
  return JSON.stringify({
    mediaType: SIGSTORE_BUNDLE_TYPE,
    verificationMaterial: { publicKey: { hint } },
    messageSignature: { messageDigest, signature: signature.toString('base64') },
  });
}

/** The bytes that a DSSE signature covers ("PAE" in the DSSE protocol). */
export function statementBytes({ payload, payloadType }: SignedStatement): Buffer {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return Buffer.concat([head, payload]);
}

function sha256Of(digest: { algorithm?: string | undefined; digest?: string | undefined } | undefined) {
  if (digest?.algorithm !== 'SHA2_256' || digest.digest === undefined) return undefined;
  return Buffer.from(digest.digest, 'base64');
}
