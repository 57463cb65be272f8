import { z } from 'zod';
import { HashingSink, MemorySink } from '../store/blob-writer.ts';
import type { Source } from '../store/image-source.ts';
import { transfer } from '../store/copy-blob.ts';
import { AirgapError, type Where } from '../model/errors.ts';
import type { Descriptor } from './descriptor.ts';
import { digestSchema } from './descriptor.ts';
import type { Platform } from './platform.ts';
import type { Reference } from '../reference/reference.ts';

/** The largest config that is read, in bytes. */
const MAX_CONFIG_SIZE = 8 * 1024 * 1024;

const configSchema = z.looseObject({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  rootfs: z.looseObject({ diff_ids: z.array(digestSchema).nullish() }).optional(),
});

/** What the product needs of an image's config (image-spec, config.md). */
export interface ImageConfig {
  readonly bytes: Uint8Array;
  readonly platform: Platform | undefined;
  readonly diffIds: readonly string[];
}

/** Reads and verifies an image's config. @throws AirgapError `REGISTRY` when it breaks the specification */
export async function readConfig(
  source: Source,
  name: Reference,
  descriptor: Descriptor,
): Promise<ImageConfig> {
  const where = { image: name.toString(), digest: descriptor.digest };
  if (descriptor.size > MAX_CONFIG_SIZE) {
    throw new AirgapError('REGISTRY', `the image's config is larger than ${MAX_CONFIG_SIZE} bytes`, {
      where,
    });
  }
  const sink = new MemorySink(descriptor.size);
  await transfer(source, name, descriptor, new HashingSink(sink));
  return { bytes: sink.bytes, ...parseConfig(sink.bytes, where) };
}

/** Reads what a config says. @throws AirgapError `REGISTRY` when it breaks the specification */
export function parseConfig(bytes: Uint8Array, where: Where): Omit<ImageConfig, 'bytes'> {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new AirgapError('REGISTRY', "the image's config is not JSON", { where, cause });
  }
  const result = configSchema.safeParse(document);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new AirgapError(
      'REGISTRY',
      `the image's config breaks the image specification: ${issue?.path.join('.') || 'the document'}: ${issue?.message}`,
      { where },
    );
  }
  const { os, architecture, variant, rootfs } = result.data;
  const platform = os && architecture ? { os, architecture, variant } : undefined;
  return { platform, diffIds: rootfs?.diff_ids ?? [] };
}
