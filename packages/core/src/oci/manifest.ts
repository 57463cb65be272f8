import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { DESCRIPTOR_KEYS, type Descriptor, descriptorSchema, goObject, textMapSchema } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import {
  isImageConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  isVendorType,
  MediaType,
} from './media-type.ts';
import { AmbiguousJson, MAP, parseStrictJson } from './strict-json.ts';

/** The size limit of a manifest, in bytes: the limit of distribution itself (4 MiB). */
export const MAX_MANIFEST_SIZE = 4 * 1024 * 1024;

/** The size limit of all manifests of one name, in bytes. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

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

/** Programs that also read schema 1 reject manifests with its keys. */
const schema1Key = z.undefined({ error: 'a key of schema 1' }).nullish();

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  subject: descriptorSchema.optional(),
  artifactType: z.string().optional(),
  fsLayers: schema1Key,
  history: schema1Key,
  annotations: textMapSchema.optional(),
};
const imageSchema = goObject(
  z.looseObject({
    ...common,
    config: descriptorSchema,
    layers: z.array(descriptorSchema).default([]),
    manifests: z.undefined({ error: 'a manifest cannot also be an index' }).optional(),
  }),
);
const indexSchema = goObject(
  z.looseObject({
    ...common,
    manifests: z.array(descriptorSchema).default([]),
    config: z.undefined({ error: 'an index cannot also be a manifest' }).optional(),
    layers: z.undefined({ error: 'an index cannot also be a manifest' }).optional(),
  }),
);

/** The keys of manifests and indexes that programs read. */
export const MANIFEST_KEYS = {
  schemaVersion: null,
  mediaType: null,
  artifactType: null,
  config: DESCRIPTOR_KEYS,
  layers: DESCRIPTOR_KEYS,
  manifests: DESCRIPTOR_KEYS,
  subject: DESCRIPTOR_KEYS,
  annotations: MAP,
  fsLayers: null,
  history: null,
} as const;

/**
 * Creates a raw manifest from its bytes. The `mediaType` of the document takes precedence over the served type. Whether
 * all programs read the document alike is left to {@link parseManifest}.
 *
 * @throws AirgapError `REGISTRY` when it is not JSON
 */
export function rawManifest(bytes: Uint8Array, servedType: string): RawManifest {
  const document = requireJson(parseJson(bytes));
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
  const document = requireJson(parseUnambiguous(raw.bytes));
  if (isIndexType(mediaType)) {
    const { manifests, subject, artifactType, annotations } = check(indexSchema, document, raw.digest);
    return { kind: 'index', mediaType, manifests, subject, artifactType, annotations };
  }
  const { config, layers, subject, artifactType, annotations } = check(imageSchema, document, raw.digest);
  const image = { kind: 'image', mediaType, config, layers, subject, artifactType, annotations } as const;
  const placed = layers.find(({ platform }) => platform !== undefined);
  if (placed !== undefined && isRunnable(image)) throw layerWithPlatform(placed, raw.digest);
  return image;
}

/** containerd's garbage collection removes layers for other platforms, also from under an image. */
function layerWithPlatform(layer: Descriptor, digest: Digest): AirgapError {
  return new AirgapError('UNSUPPORTED', `the layer ${layer.digest} has a platform: containerd may drop it`, {
    where: { digest },
    hint: 'Build and push the image again with a current docker, buildx or buildah.',
  });
}

/** Returns the entries of an index that are manifests, as far as their media types tell; an old tool leaves it empty. */
export function manifestsOf({ manifests }: Index): Descriptor[] {
  return manifests.filter(hasManifestType);
}

/** Returns the blobs that a manifest refers to: the config and layers, or the entries of an index that are no manifests. */
export function blobsOfManifest(manifest: Manifest): Descriptor[] {
  if (manifest.kind === 'image') return [manifest.config, ...manifest.layers];
  return manifest.manifests.filter(entry => !hasManifestType(entry));
}

function hasManifestType({ mediaType }: Descriptor): boolean {
  return mediaType === '' || isIndexType(mediaType) || isManifestType(mediaType) || isSchema1Type(mediaType);
}

/** Returns whether a runtime can run the image; everything else (charts, signatures, SBOMs) is an artifact. */
export function isRunnable(manifest: ImageManifest): boolean {
  // cosign signatures have an image config, but their layers are not file systems.
  const hasConfig = isImageConfigType(manifest.config.mediaType) || hasOldConfigType(manifest);
  return hasConfig && manifest.layers.every(({ mediaType }) => isLayerType(mediaType));
}

/**
 * Returns whether an image has a generic config type, such as `application/octet-stream`, `text/html` or none. Old
 * registries and tools wrote them for images of Docker schema 2.
 */
export function hasOldConfigType({ mediaType, config, layers }: ImageManifest): boolean {
  if (mediaType !== MediaType.dockerManifest || isVendorType(config.mediaType)) return false;
  return layers.every(layer => isLayerType(layer.mediaType));
}

/** Returns whether a child of an index is a buildx attestation of another child, not a platform. */
export function isAttestation(descriptor: Descriptor): boolean {
  return (
    descriptor.annotations?.['vnd.docker.reference.digest'] !== undefined ||
    (descriptor.platform?.os === 'unknown' && descriptor.platform.architecture === 'unknown')
  );
}

/** The error for a name whose manifests exceed {@link MAX_MANIFEST_BYTES}. */
export function tooManyManifestBytes(code: 'BUNDLE' | 'UNSUPPORTED'): AirgapError {
  const limit = MAX_MANIFEST_BYTES / 1024 / 1024;
  return new AirgapError(code, `the manifests of the image have more than ${limit} MiB`, {
    hint: 'Rebuild the image with fewer platforms, or smaller manifests.',
  });
}

function mediaTypeOf(document: unknown, servedType: string): string {
  const fields = document as { mediaType?: unknown; schemaVersion?: unknown; manifests?: unknown } | null;
  if (fields?.schemaVersion === 1) return MediaType.dockerSchema1;
  if (typeof fields?.mediaType === 'string' && fields.mediaType) return fields.mediaType;
  const served = servedType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (isIndexType(served) || isManifestType(served)) return served;
  // The mediaType field is optional in OCI documents, and some registries serve them as plain JSON.
  return Array.isArray(fields?.manifests) ? MediaType.ociIndex : MediaType.ociManifest;
}

function requireJson(document: unknown): unknown {
  if (document !== undefined) return document;
  throw new AirgapError('REGISTRY', 'the manifest is not JSON', {
    hint: 'Check that the host is a container registry; if it is, push the image again.',
  });
}

function parseUnambiguous(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes, MANIFEST_KEYS);
  } catch (cause) {
    if (!(cause instanceof AmbiguousJson)) throw cause;
    throw new AirgapError('UNSUPPORTED', `programs read the manifest differently: ${cause.message}`, {
      where: { digest: digestOf(bytes) },
      hint: 'Build and push the image again with a current docker, buildx or buildah.',
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
