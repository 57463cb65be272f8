import { AirgapError } from '../model/errors.ts';
import { type ImageConfig, MAX_CONFIG_SIZE, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import { HashingSink, MemorySink } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { ImageSource } from '../store/image-source.ts';

/** Reads and verifies an image's config. @throws AirgapError `REGISTRY` when it breaks the specification */
export async function readConfig(
  source: ImageSource,
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
  await copyBlob(source, name, descriptor, new HashingSink(sink));
  return { bytes: sink.bytes, ...parseConfig(sink.bytes, where) };
}
