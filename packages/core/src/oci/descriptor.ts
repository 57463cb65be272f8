import { z } from 'zod';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { MAP } from './strict-json.ts';

export const digestSchema = z.custom<Digest>(value => typeof value === 'string' && isDigest(value), {
  error: 'must be a sha256 digest',
});

/** Reads an object as Go writes it: a field that is `null` is one that is not set. */
export function goObject<T extends z.ZodType>(schema: T) {
  return z.preprocess(withoutNulls, schema);
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** A map of texts, as annotations and labels are. */
export const textMapSchema = goObject(z.record(z.string(), z.string()));

const platformSchema = goObject(
  z.looseObject({
    os: z.string().default(''),
    architecture: z.string().default(''),
    variant: z.string().optional(),
    'os.version': z.string().optional(),
    'os.features': z.array(z.string()).readonly().optional(),
  }),
);

/** The keys of a descriptor that programs read. */
export const DESCRIPTOR_KEYS = {
  mediaType: null,
  digest: null,
  size: null,
  urls: null,
  annotations: MAP,
  data: null,
  artifactType: null,
  platform: {
    architecture: null,
    os: null,
    'os.version': null,
    'os.features': null,
    variant: null,
    features: null,
  },
} as const;

/** Unknown fields are preserved when a descriptor is copied into a new index. */
export const descriptorSchema = goObject(
  z.looseObject({
    // Old tools leave it empty.
    mediaType: z.string().default(''),
    digest: digestSchema,
    size: z.int().nonnegative(),
    urls: z.array(z.string()).optional(),
    annotations: textMapSchema.optional(),
    artifactType: z.string().optional(),
    platform: z.preprocess(emptyAsMissing, platformSchema.optional()),
  }),
);

/** `{}` names no platform. */
function emptyAsMissing(platform: unknown): unknown {
  const { os, architecture } = (platform ?? {}) as { os?: unknown; architecture?: unknown };
  return !os && !architecture ? undefined : platform;
}

/** A reference to content: its media type, digest and size in bytes (image-spec, descriptor.md). */
export type Descriptor = z.infer<typeof descriptorSchema>;
