import type { Layout } from '../../layout/layout.ts';
import type { NamedImage } from '../../layout/names.ts';
import { assertPresent, rethrow, walkManifests } from '../../layout/walk.ts';
import { AirgapError } from '../../model/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { blobsOfManifest, type ImageManifest, isAttestation, isRunnable } from '../../oci/manifest.ts';
import { MediaType } from '../../oci/media-type.ts';
import type { Reference } from '../../reference/reference.ts';
import { lastSegment } from '../../reference/relocation.ts';

/** An image of a bundle as KOTS pushes it. */
export interface SavedImage extends NamedImage {
  /** The last path component of its name, which is its repository at the customer's registry. */
  readonly repository: string;
  /** Indexes and manifests, the root first. */
  readonly manifests: readonly Descriptor[];
  /** The configs of all manifests. */
  readonly configs: readonly Descriptor[];
  /** The layers of all manifests, each once. */
  readonly layers: readonly Descriptor[];
  /** Whether an index of it contains an index. */
  readonly hasNestedIndex: boolean;
  readonly hasAttestations: boolean;
  /** Layers that KOTS compresses when it pushes a tag, which changes the digest of the image. */
  readonly uncompressed: readonly Descriptor[];
}

const UNCOMPRESSED = new Set<string>([
  MediaType.ociLayer,
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
]);

/**
 * Collects what KOTS needs of an image: all of its platforms.
 *
 * @throws AirgapError `INPUT` when some of it is not in the bundle, `CONTENT`
 */
export async function savedImage(layout: Layout, named: NamedImage): Promise<SavedImage> {
  const manifests: Descriptor[] = [];
  const configs: Descriptor[] = [];
  const layers = new Map<string, Descriptor>();
  const uncompressed: Descriptor[] = [];
  let indexes = 0;
  let hasAttestations = false;
  for await (const { descriptor, manifest } of walkManifests(layout, named.root, rethrow)) {
    manifests.push(descriptor);
    if (isAttestation(descriptor)) hasAttestations = true;
    if (manifest.kind === 'index') {
      indexes++;
      for (const child of manifest.manifests) if (!layout.contains(child)) throw incomplete(named, child);
      continue;
    }
    for (const blob of blobsOfManifest(manifest)) assertPresent(layout, blob);
    configs.push(manifest.config);
    for (const layer of manifest.layers) layers.set(layer.digest, layer);
    uncompressed.push(...uncompressedLayers(manifest));
  }
  return {
    ...named,
    repository: lastSegment(named.name),
    manifests,
    configs,
    layers: [...layers.values()],
    hasNestedIndex: indexes > 1,
    hasAttestations,
    uncompressed,
  };
}

/** What KOTS pushes of a name: of a tag and a digest, the digest alone. */
export function pushedName(name: Reference): Reference {
  return name.digest === undefined ? name : name.withDigest(name.digest);
}

/** The names under which specs find an image: the one that KOTS pushes, and its digest. */
export function namesInSpecs({ name, root }: NamedImage): string[] {
  return [pushedName(name).toString(), name.withDigest(root.digest).toString()];
}

/** The layers that KOTS compresses when it pushes a tag, so that the registry does not have them as they are. */
export function uncompressedLayers(manifest: ImageManifest): Descriptor[] {
  if (!isRunnable(manifest)) return [];
  return manifest.layers.filter(({ mediaType }) => UNCOMPRESSED.has(mediaType));
}

function incomplete({ name }: NamedImage, { digest, platform }: Descriptor): AirgapError {
  const child = platform ? `${platform.os}/${platform.architecture}` : digest;
  return new AirgapError('INPUT', `the bundle lacks ${child} of an index; KOTS needs every platform`, {
    where: { image: name.toString(), digest },
    hint: 'Build the bundle with --platform all, or with one platform.',
  });
}
