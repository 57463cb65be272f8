import type { AddedImage, DiffResult, RemovedImage } from '@airgap/core';

/** An image of which NEW has another tag than OLD. */
export interface VersionBump {
  /** Registry and repository. */
  readonly repository: string;
  readonly oldTag: string;
  readonly newTag: string;
  readonly removed: RemovedImage;
  readonly added: AddedImage;
}

/** The added and removed images of a comparison, with those of one repository paired. */
export interface PairedImages {
  readonly bumps: readonly VersionBump[];
  readonly added: readonly AddedImage[];
  readonly removed: readonly RemovedImage[];
}

/** Pairs an added with a removed image if they are the only ones of their repository. */
export function pairVersions({ added, removed }: Pick<DiffResult, 'added' | 'removed'>): PairedImages {
  const bumps = added.flatMap(image => bumpOf(image, added, removed));
  const paired = new Set<object>(bumps.flatMap(bump => [bump.added, bump.removed]));
  return {
    bumps,
    added: added.filter(image => !paired.has(image)),
    removed: removed.filter(image => !paired.has(image)),
  };
}

function bumpOf(
  image: AddedImage,
  added: readonly AddedImage[],
  removed: readonly RemovedImage[],
): VersionBump[] {
  const { repository, tag } = splitName(image.name);
  const isSame = ({ name }: { readonly name: string }) => splitName(name).repository === repository;
  const [old, ...others] = removed.filter(isSame);
  const isOnly = others.length === 0 && added.filter(isSame).length === 1;
  if (old === undefined || !isOnly || tag === '' || splitName(old.name).tag === '') return [];
  return [{ repository, oldTag: splitName(old.name).tag, newTag: tag, removed: old, added: image }];
}

/** Splits `host:port/path:tag` or `…@digest`. The tag is empty for a name without one. */
export function splitName(name: string): { readonly repository: string; readonly tag: string } {
  const start = name.lastIndexOf('/') + 1;
  const length = name.slice(start).search(/[:@]/);
  if (length < 0) return { repository: name, tag: '' };
  return { repository: name.slice(0, start + length), tag: name.slice(start + length + 1) };
}
