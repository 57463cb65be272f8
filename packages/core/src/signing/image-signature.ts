import { z } from 'zod';
import { parseJson } from '../model/parse-json.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { SigstoreKey } from './public-key.ts';
import {
  parseSigstoreBundle,
  SIGSTORE_BUNDLE_TYPE,
  type SignedStatement,
  statementBytes,
} from './sigstore-bundle.ts';

/** In bytes. A signature has a few KiB. */
const MAX_PAYLOAD_SIZE = 1024 * 1024;
/** The layers of one artifact that are read; cosign adds one for each signature. */
const MAX_LAYERS = 100;
const SIMPLE_SIGNING_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';
const STATEMENT_TYPE = 'application/vnd.in-toto+json';
const COSIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

const simpleSchema = z.object({
  critical: z.object({ image: z.object({ 'docker-manifest-digest': z.string() }) }),
});
const statementSchema = z.object({
  predicateType: z.literal(COSIGN_PREDICATE),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })),
});

/** An artifact that may hold signatures of an image. */
export interface SignatureArtifact {
  readonly manifest: ImageManifest;
  /** Reads a small blob of the artifact, verified. */
  read(blob: Descriptor): Promise<Uint8Array>;
}

/**
 * What an artifact proves about an image:
 *
 * - `signed`  the key has signed this digest
 * - `other`   it has a signature, but not by the key for this digest
 * - `none`    it is no signature
 */
export type SignatureVerdict = 'signed' | 'other' | 'none';

/**
 * Checks one artifact in either form of cosign: the tag `sha256-HEX.sig` with simple signing, or a referrer with a
 * sigstore bundle. Only the digest counts: the name in a signature proves nothing.
 *
 * @param subject the digest that must be signed
 */
export async function checkArtifact(
  artifact: SignatureArtifact,
  subject: Digest,
  key: SigstoreKey,
): Promise<SignatureVerdict> {
  let verdict: SignatureVerdict = 'none';
  for (const layer of artifact.manifest.layers.slice(0, MAX_LAYERS)) {
    const check = CHECKS[layer.mediaType];
    if (check === undefined || layer.size > MAX_PAYLOAD_SIZE) continue;
    const found = check({ layer, payload: await artifact.read(layer) }, subject, key);
    if (found === 'signed') return found;
    if (found === 'other') verdict = found;
  }
  return verdict;
}

interface SignatureLayer {
  readonly layer: Descriptor;
  readonly payload: Uint8Array;
}

type Check = (signature: SignatureLayer, subject: Digest, key: SigstoreKey) => SignatureVerdict;

const CHECKS: Readonly<Record<string, Check>> = {
  [SIMPLE_SIGNING_TYPE]: checkSimpleSigning,
  [SIGSTORE_BUNDLE_TYPE]: checkBundle,
};

/** The layer is the signed text; the signature is in an annotation. */
function checkSimpleSigning(
  { layer, payload }: SignatureLayer,
  subject: Digest,
  key: SigstoreKey,
): SignatureVerdict {
  const signature = Buffer.from(layer.annotations?.[SIGNATURE_ANNOTATION] ?? '', 'base64');
  const result = simpleSchema.safeParse(parseJson(payload));
  const signed = result.data?.critical.image['docker-manifest-digest'];
  return signed === subject && key.verifies(payload, signature) ? 'signed' : 'other';
}

/** The layer is a sigstore bundle with a signed statement. */
function checkBundle({ payload }: SignatureLayer, subject: Digest, key: SigstoreKey): SignatureVerdict {
  const { statement } = parseSigstoreBundle(Buffer.from(payload).toString()) ?? {};
  if (statement === undefined || statement.payloadType !== STATEMENT_TYPE) return 'none';
  const result = statementSchema.safeParse(parseJson(statement.payload));
  // Attestations have other predicates: they are signed, but they do not sign the image.
  if (!result.success) return 'none';
  const isAbout = result.data.subject.some(({ digest }) => `sha256:${digest.sha256}` === subject);
  return isAbout && isSigned(statement, key) ? 'signed' : 'other';
}

function isSigned(statement: SignedStatement, key: SigstoreKey): boolean {
  const bytes = statementBytes(statement);
  return statement.signatures.some(signature => key.verifies(bytes, signature));
}
