import type { Descriptor } from '../../oci/descriptor.ts';
import type { RandomAccess } from '../../store/random-access.ts';
import { type AirgapSpec, formatAirgapDocument } from '../airgap-document.ts';
import { AIRGAP_DOCUMENT, APP_ARCHIVE } from '../archive-names.ts';
import { type TreeFile, treePath } from '../registry-tree.ts';
import type { DeltaBase } from './delta-base.ts';
import { pushedName, type SavedImage } from './saved-image.ts';

/** The directory entry that older KOTS takes for the end of the release: only images follow. */
const IMAGES_FOLDER = 'images';

/** The content of an entry: bytes, a blob of the bundle, a file of a previous archive, or nothing for a directory. */
export type EntryContent =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'blob'; readonly blob: Descriptor; readonly image: string }
  | { readonly kind: 'file'; readonly file: RandomAccess }
  | { readonly kind: 'directory' };

/** An entry of the archive. */
export interface ArchiveEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly content: EntryContent;
}

/** What an archive is made of. */
export interface ArchiveInput {
  readonly spec: AirgapSpec;
  /** The bytes of `app.tar.gz`. */
  readonly release: Buffer | undefined;
  /** Entries of a previous archive that are copied. */
  readonly files: readonly ArchiveEntry[];
  readonly images: readonly SavedImage[];
  /** What the customer's registry has: such layers are left out. */
  readonly base: DeltaBase | undefined;
}

/** The entries in their order, and what was left out. */
export interface ArchivePlan {
  readonly entries: readonly ArchiveEntry[];
  /** The layers that the base has, each once. */
  readonly omitted: readonly Descriptor[];
}

/** Plans an archive: its document, the release, the links, then the blobs, each once. */
export function planArchive({ spec, release, files, images, base }: ArchiveInput): ArchivePlan {
  const omitted = new Map<string, Descriptor>();
  const blobs = new Map<string, ArchiveEntry>();
  for (const image of images) {
    // KOTS reads manifests and configs from the archive, whatever the registry has.
    for (const blob of [...image.manifests, ...image.configs]) addBlob(blobs, blob, image);
    for (const layer of image.layers)
      if (base?.has(image.repository, layer)) omitted.set(layer.digest, layer);
      else addBlob(blobs, layer, image);
  }
  const links = new Map(images.flatMap(linksOf).map(link => [link.name, link]));
  const content = [
    ...(release ? [bytesEntry(APP_ARCHIVE, release)] : []),
    ...files,
    ...(images.length > 0 ? [{ name: IMAGES_FOLDER, size: 0, content: { kind: 'directory' } } as const] : []),
    ...links.values(),
    ...blobs.values(),
  ];
  const uncompressedSize = content.reduce((sum, { size }) => sum + size, 0);
  const document = formatAirgapDocument({ ...spec, uncompressedSize });
  return {
    entries: [bytesEntry(AIRGAP_DOCUMENT, Buffer.from(document)), ...content],
    // A layer that another repository needs is in the archive.
    omitted: [...omitted.values()].filter(({ digest }) => !blobs.has(digest)),
  };
}

function addBlob(blobs: Map<string, ArchiveEntry>, blob: Descriptor, { name }: SavedImage): void {
  if (blobs.has(blob.digest)) return;
  blobs.set(blob.digest, {
    name: treePath({ kind: 'blob', digest: blob.digest }),
    size: blob.size,
    content: { kind: 'blob', blob, image: name.toString() },
  });
}

function linksOf({ repository, name, root, manifests, configs, layers }: SavedImage): ArchiveEntry[] {
  const { tag } = pushedName(name);
  return [
    ...[...configs, ...layers].map(({ digest }) => linkEntry({ kind: 'layer', repository, digest }, digest)),
    ...manifests.map(({ digest }) => linkEntry({ kind: 'revision', repository, digest }, digest)),
    ...(tag === undefined ? [] : [linkEntry({ kind: 'tag', repository, tag }, root.digest)]),
  ];
}

function linkEntry(file: TreeFile, digest: string): ArchiveEntry {
  return bytesEntry(treePath(file), Buffer.from(digest));
}

function bytesEntry(name: string, bytes: Buffer): ArchiveEntry {
  return { name, size: bytes.length, content: { kind: 'bytes', bytes } };
}
