import { z } from 'zod';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { MAP } from './strict-json.ts';

export const digestSchema = z.custom<Digest>(value => typeof value === 'string' && isDigest(value), {
  error: 'must be a sha256 digest',
});

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
export const descriptorSchema = z.looseObject({
  mediaType: z.string().min(1),
  digest: digestSchema,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  artifactType: z.string().optional(),
  platform: z
    .looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .optional(),
});

/** A reference to content: its media type, digest and size in bytes (image-spec, descriptor.md). */
export type Descriptor = z.infer<typeof descriptorSchema>;
