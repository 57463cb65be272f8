import { z } from 'zod';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { digestSchema, goObject, textMapSchema } from './descriptor.ts';
import type { Platform } from './platform.ts';
import { AmbiguousJson, parseStrictJson } from './strict-json.ts';

/** The size limit of a config, in bytes. */
export const MAX_CONFIG_SIZE = 8 * 1024 * 1024;

/** The keys of a config that decide which image runs where. */
const CONFIG_KEYS = {
  os: null,
  architecture: null,
  variant: null,
  'os.version': null,
  'os.features': null,
  rootfs: { type: null, diff_ids: null },
} as const;

/** A time as programs read it (RFC 3339). */
const timeSchema = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/, {
  error: 'not a time of RFC 3339',
});
const texts = z.array(z.string().nullable()).optional();
const set = goObject(z.record(z.string(), z.looseObject({}))).optional();

/** What programs read to run a container. They refuse a config with other types. */
const executionSchema = goObject(
  z.looseObject({
    User: z.string().optional(),
    WorkingDir: z.string().optional(),
    StopSignal: z.string().optional(),
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    Labels: textMapSchema.optional(),
    Volumes: set,
    ExposedPorts: set,
  }),
);
const historySchema = goObject(
  z.looseObject({
    created: timeSchema.optional(),
    created_by: z.string().optional(),
    author: z.string().optional(),
    comment: z.string().optional(),
    empty_layer: z.boolean().optional(),
  }),
);

const configSchema = goObject(
  z.looseObject({
    created: timeSchema.optional(),
    author: z.string().optional(),
    config: executionSchema.optional(),
    history: z.array(historySchema.nullable()).optional(),
    os: z.string().optional(),
    architecture: z.string().optional(),
    variant: z.string().optional(),
    'os.version': z.string().optional(),
    rootfs: goObject(z.looseObject({ diff_ids: z.array(digestSchema).optional() })).optional(),
  }),
);

/** The parts of an image config that are used here (image-spec, config.md). */
export interface ImageConfig {
  readonly bytes: Uint8Array;
  readonly platform: Platform | undefined;
  /** The version of Windows that the image is for. */
  readonly osVersion: string | undefined;
  /** The digests of the uncompressed layers. */
  readonly diffIds: readonly string[];
}

/**
 * Parses an image config.
 *
 * @throws AirgapError `REGISTRY` when it violates the specification, `UNSUPPORTED` when programs read it differently
 */
export function parseConfig(bytes: Uint8Array, where: ErrorContext): Omit<ImageConfig, 'bytes'> {
  const document = parseUnambiguous(bytes, where);
  if (document === undefined) throw new AirgapError('REGISTRY', 'the image config is not JSON', { where });
  const result = configSchema.safeParse(document);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new AirgapError(
      'REGISTRY',
      `the image config violates the image specification: ${issue?.path.join('.') || 'the document'}: ${issue?.message}`,
      { where },
    );
  }
  const { os, architecture, variant, 'os.version': osVersion, rootfs } = result.data;
  const platform = os && architecture ? { os, architecture, variant } : undefined;
  return { platform, osVersion, diffIds: rootfs?.diff_ids ?? [] };
}

/** Other tools accept configs that are not quite UTF-8. */
function parseUnambiguous(bytes: Uint8Array, where: ErrorContext): unknown {
  try {
    return parseStrictJson(Buffer.from(bytes).toString('utf8'), CONFIG_KEYS);
  } catch (cause) {
    if (!(cause instanceof AmbiguousJson)) throw cause;
    throw new AirgapError('UNSUPPORTED', `programs read the image config differently: ${cause.message}`, {
      where,
      hint: 'Build and push the image again with a current docker, buildx or buildah.',
    });
  }
}
