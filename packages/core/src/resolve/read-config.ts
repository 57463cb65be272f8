import { AirgapError } from '../model/errors.ts';
import { type ImageConfig, MAX_CONFIG_SIZE, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseFrom } from '../oci/stored-document.ts';
import type { Reference } from '../reference/reference.ts';
import { MemoryWriter } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { ImageSource } from '../store/image-source.ts';
import { sourcesOf } from '../store/union-source.ts';

/** Reads and verifies the config of an image. @throws AirgapError `REGISTRY` when it violates the specification */
export async function readConfig(
  source: ImageSource,
  name: Reference,
  descriptor: Descriptor,
): Promise<ImageConfig> {
  const where = { image: name.toString(), digest: descriptor.digest };
  if (descriptor.size > MAX_CONFIG_SIZE) {
    throw new AirgapError(
      'REGISTRY',
      `the image config is too large: ${descriptor.size} bytes, limit ${MAX_CONFIG_SIZE}`,
      {
        where,
      },
    );
  }
  const writer = new MemoryWriter(descriptor.size);
  await copyBlob(sourcesOf(source), descriptor, writer, { images: [name.toString()] });
  const origin = { ...source.origin, ...where };
  return { bytes: writer.bytes, ...parseFrom(origin, () => parseConfig(writer.bytes, where)) };
}
