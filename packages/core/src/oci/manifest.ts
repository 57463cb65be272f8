import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { type Descriptor, descriptorSchema } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import {
  isImageConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  MediaType,
} from './media-type.ts';

/** The size limit of a manifest, in bytes: the limit of distribution itself (4 MiB). */
export const MAX_MANIFEST_SIZE = 4 * 1024 * 1024;

/** A manifest exactly as it was served; its bytes are never re-serialised. */
export interface RawManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

type Annotations = Readonly<Record<string, string>>;

/** An image or an artifact: one config and its layers (image-spec, manifest.md; Docker schema 2). */
export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  readonly annotations?: Annotations | undefined;
}

/** A list of manifests, usually one per platform (image-spec, image-index.md; Docker's manifest list). */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  readonly annotations?: Annotations | undefined;
}

export type Manifest = ImageManifest | Index;

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  subject: descriptorSchema.optional(),
  artifactType: z.string().optional(),
  // Copying an image does not need them: invalid annotations are ignored.
  annotations: z.record(z.string(), z.string()).optional().catch(undefined),
};
const imageSchema = z.looseObject({
  ...common,
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
  manifests: z.undefined({ error: 'a manifest cannot also be an index' }).optional(),
});
const indexSchema = z.looseObject({
  ...common,
  manifests: z.array(descriptorSchema),
  config: z.undefined({ error: 'an index cannot also be a manifest' }).optional(),
  layers: z.undefined({ error: 'an index cannot also be a manifest' }).optional(),
});

/**
 * Creates a raw manifest from its bytes. The `mediaType` of the document takes precedence over the served type.
 *
 * @throws AirgapError `REGISTRY` when it is not JSON
 */
export function rawManifest(bytes: Uint8Array, servedType: string): RawManifest {
  const document = parseDocument(bytes);
  return { mediaType: mediaTypeOf(document, servedType), digest: digestOf(bytes), bytes };
}

/** The descriptor of a manifest, without a platform. */
export function descriptorOf({ mediaType, digest, bytes }: RawManifest): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/**
 * Parses a manifest or an index, OCI or Docker schema 2.
 *
 * @throws AirgapError `UNSUPPORTED` for schema 1 and for other media types, `REGISTRY` for a document that violates
 * the specification
 */
export function parseManifest(raw: RawManifest): Manifest {
  const { mediaType } = raw;
  if (isSchema1Type(mediaType)) throw schema1();
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
    throw new AirgapError(
      'UNSUPPORTED',
      `not an image manifest: its media type is ${JSON.stringify(mediaType)}`,
      {
        hint: 'Use an image with an OCI or Docker schema 2 manifest.',
        where: { digest: raw.digest },
      },
    );
  }
  const document = parseDocument(raw.bytes);
  if (isIndexType(mediaType)) {
    const { manifests, subject, artifactType, annotations } = check(indexSchema, document, raw.digest);
    return { kind: 'index', mediaType, manifests, subject, artifactType, annotations };
  }
  const { config, layers, subject, artifactType, annotations } = check(imageSchema, document, raw.digest);
  return { kind: 'image', mediaType, config, layers, subject, artifactType, annotations };
}

/** Returns whether a runtime can run the image; everything else (charts, signatures, SBOMs) is an artifact. */
export function isRunnable({ config, layers }: ImageManifest): boolean {
  // cosign signatures have an image config, but their layers are not file systems.
  return isImageConfigType(config.mediaType) && layers.every(({ mediaType }) => isLayerType(mediaType));
}

/** Returns whether a child of an index is a buildx attestation of another child, not a platform. */
export function isAttestation(descriptor: Descriptor): boolean {
  return (
    descriptor.annotations?.['vnd.docker.reference.digest'] !== undefined ||
    (descriptor.platform?.os === 'unknown' && descriptor.platform.architecture === 'unknown')
  );
}

function mediaTypeOf(document: unknown, servedType: string): string {
  const fields = document as { mediaType?: unknown; schemaVersion?: unknown; manifests?: unknown } | null;
  if (fields?.schemaVersion === 1) return MediaType.dockerSchema1;
  if (typeof fields?.mediaType === 'string' && fields.mediaType) return fields.mediaType;
  const served = servedType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (isIndexType(served) || isManifestType(served)) return served;
  // The mediaType field is optional in OCI documents, and some registries serve them as plain JSON.
  return fields?.manifests === undefined ? MediaType.ociManifest : MediaType.ociIndex;
}

function parseDocument(bytes: Uint8Array): unknown {
  const document = parseJson(bytes);
  if (document !== undefined) return document;
  throw new AirgapError('REGISTRY', 'the manifest is not JSON', {
    hint: 'Check that the host is a container registry; if it is, push the image again.',
  });
}

function check<T>(schema: z.ZodType<T>, document: unknown, digest: Digest): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'the document';
  throw new AirgapError(
    'REGISTRY',
    `the manifest violates the image specification: ${field}: ${issue?.message}`,
    {
      where: { digest },
    },
  );
}

function schema1(): AirgapError {
  return new AirgapError('UNSUPPORTED', 'the image has only a Docker schema 1 manifest', {
    hint: 'Pull and push it again with a current docker or skopeo to convert it to schema 2.',
  });
}
