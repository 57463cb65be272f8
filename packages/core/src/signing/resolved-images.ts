import type { Descriptor } from '../oci/descriptor.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import { MemoryWriter } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { SourceOf } from '../store/image-source.ts';
import { sourcesOf } from '../store/union-source.ts';
import type { SignableImage } from './image-policy.ts';
import type { SignatureArtifact } from './image-signature.ts';
import { isImage } from './layout-images.ts';

/** Images before a build, with the signatures that their registries have. */
export function resolvedImages(sourceOf: SourceOf, images: readonly ResolvedImage[]): SignableImage[] {
  return images.filter(isSignable).map(({ reference, root, resolved }) => {
    const referrers = images.filter(
      image => image.reference.name === reference.name && image.subject === root.digest,
    );
    return {
      reference,
      digest: root.digest,
      resolved,
      artifacts: async () => referrers.flatMap(referrer => artifactsOf(sourceOf, referrer)),
    };
  });
}

function isSignable({ subject, images }: ResolvedImage): boolean {
  return isImage(
    subject,
    images.map(({ manifest }) => manifest),
  );
}

function artifactsOf(sourceOf: SourceOf, { reference, images }: ResolvedImage): SignatureArtifact[] {
  const read = async (blob: Descriptor) => {
    const writer = new MemoryWriter(blob.size);
    await copyBlob(sourcesOf(sourceOf(reference)), blob, writer, { images: [reference.toString()] });
    return writer.bytes;
  };
  return images.map(({ manifest }) => ({ manifest, read }));
}
