import { z } from 'zod';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { digestSchema } from './descriptor.ts';
import type { Platform } from './platform.ts';

/** The size limit of a config, in bytes. */
export const MAX_CONFIG_SIZE = 8 * 1024 * 1024;

const configSchema = z.looseObject({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  rootfs: z.looseObject({ diff_ids: z.array(digestSchema).nullish() }).optional(),
});

/** The parts of an image config that are used here (image-spec, config.md). */
export interface ImageConfig {
  readonly bytes: Uint8Array;
  readonly platform: Platform | undefined;
  /** The digests of the uncompressed layers. */
  readonly diffIds: readonly string[];
}

/** Parses an image config. @throws AirgapError `REGISTRY` when it violates the specification */
export function parseConfig(bytes: Uint8Array, where: ErrorContext): Omit<ImageConfig, 'bytes'> {
  // Other tools accept configs that are not quite UTF-8.
  const document = parseJson(Buffer.from(bytes).toString('utf8'));
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
  const { os, architecture, variant, rootfs } = result.data;
  const platform = os && architecture ? { os, architecture, variant } : undefined;
  return { platform, diffIds: rootfs?.diff_ids ?? [] };
}
