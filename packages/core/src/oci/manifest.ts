import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
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

/** The largest manifest that is read, in bytes: what distribution itself accepts (4 MiB). */
export const MAX_MANIFEST_SIZE = 4 * 1024 * 1024;

/** A manifest as it was served: these bytes are the truth, every parsed view is only a view. */
export interface RawManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** What a manifest says of itself, by keys of its author's own. */
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

/** A list of manifests, usually one for each platform (image-spec, image-index.md; Docker's manifest list). */
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
  // Nobody needs them to carry an image: broken ones are no reason to refuse it.
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

/** Puts bytes and the media type they go by together. The document's own `mediaType` wins over what was served. */
export function rawManifest(bytes: Uint8Array, servedType: string): RawManifest {
  const document = parseJson(bytes);
  return { mediaType: mediaTypeOf(document, servedType), digest: digestOf(bytes), bytes };
}

/**
 * Reads a manifest or an index, OCI or Docker schema 2.
 *
 * @throws AirgapError `UNSUPPORTED` for schema 1 and for media types that are no manifest, `REGISTRY` for
 * a document that breaks the specification
 */
export function parseManifest(raw: RawManifest): Manifest {
  const { mediaType } = raw;
  if (isSchema1Type(mediaType)) throw schema1();
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
    throw new AirgapError(
      'UNSUPPORTED',
      `not an image manifest: its media type is ${JSON.stringify(mediaType)}`,
      {
        hint: 'Only OCI and Docker schema 2 manifests and indexes can be carried.',
        where: { digest: raw.digest },
      },
    );
  }
  const document = parseJson(raw.bytes);
  if (isIndexType(mediaType)) {
    const { manifests, subject, artifactType, annotations } = check(indexSchema, document, raw.digest);
    return { kind: 'index', mediaType, manifests, subject, artifactType, annotations };
  }
  const { config, layers, subject, artifactType, annotations } = check(imageSchema, document, raw.digest);
  return { kind: 'image', mediaType, config, layers, subject, artifactType, annotations };
}

/** Says whether a runtime can unpack and run it; everything else (charts, signatures, SBOMs) is an artifact. */
export function isRunnable({ config, layers }: ImageManifest): boolean {
  // cosign's signatures have an image's config, and layers that are no files.
  return isImageConfigType(config.mediaType) && layers.every(({ mediaType }) => isLayerType(mediaType));
}

/** Says whether a child of an index describes another child (a buildx attestation) instead of being a platform. */
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

function parseJson(bytes: Uint8Array): unknown {
  try {
    const document = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    // What is nested too deep to be written again throws here.
    JSON.stringify(document);
    return document;
  } catch (cause) {
    throw new AirgapError('REGISTRY', 'the manifest is not JSON', {
      cause,
      hint: 'Something else answers in the place of the registry, or the image is damaged there: push it anew.',
    });
  }
}

function check<T>(schema: z.ZodType<T>, document: unknown, digest: Digest): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'the document';
  throw new AirgapError(
    'REGISTRY',
    `the manifest breaks the image specification: ${field}: ${issue?.message}`,
    {
      where: { digest },
    },
  );
}

function schema1(): AirgapError {
  return new AirgapError('UNSUPPORTED', 'the image has only a Docker schema 1 manifest', {
    hint: 'Pull and push it again with a current docker or skopeo; that writes schema 2.',
  });
}
