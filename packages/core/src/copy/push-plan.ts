import type { Layout } from '../layout/layout.ts';
import { requireBlobs, rethrow, walkManifests } from '../layout/walk.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Manifest, manifestsOf } from '../oci/manifest.ts';
import { referrerDescriptor } from '../oci/referrer.ts';
import type { ImageMapping } from './image-mapping.ts';

/** A blob and the repositories that need it. */
export interface PlannedBlob {
  readonly blob: Descriptor;
  readonly repositories: readonly string[];
}

/** A manifest and the repositories that need it. */
export interface PlannedManifest {
  readonly descriptor: Descriptor;
  readonly repositories: readonly string[];
}

/** Everything that a registry needs to serve the mapped images of a bundle. */
export interface PushPlan {
  /** Each digest once, the largest first. */
  readonly blobs: readonly PlannedBlob[];
  /**
   * Manifests that can be pushed at the same time: each level refers only to earlier levels, because a registry may
   * reject a manifest that refers to a missing one. An image that only tags point to is missing here: each tag stores it,
   * and some registries do not store it by its digest.
   */
  readonly levels: readonly (readonly PlannedManifest[])[];
  /** One entry per subject and repository. */
  readonly referrers: readonly ReferrersUpdate[];
}

/** The referrers of one manifest in one repository. */
export interface ReferrersUpdate {
  readonly repository: string;
  readonly subject: Digest;
  /** Descriptors as in a referrers list (OCI distribution-spec). */
  readonly referrers: readonly Descriptor[];
}

/**
 * Plans the push of the mapped images from their manifests alone; no layer is read.
 *
 * @param incomplete the images whose blobs the target may lack; default: all
 * @throws AirgapError `BUNDLE` when a manifest or blob is missing, `CONTENT` for a damaged manifest
 */
export async function planPush(
  layout: Layout,
  mappings: readonly ImageMapping[],
  incomplete: readonly ImageMapping[] = mappings,
): Promise<PushPlan> {
  const needBlobs = new Set(incomplete);
  const blobs = new ContentByRepository();
  const manifests = new ContentByRepository();
  const parsed = new Map<Digest, Manifest>();
  for (const mapping of mappings) {
    const { root, to } = mapping;
    for await (const { descriptor, manifest } of walkManifests(layout, root, rethrow)) {
      parsed.set(descriptor.digest, manifest);
      manifests.add(descriptor, to.repository);
      const needed = requireBlobs(layout, manifest);
      if (needBlobs.has(mapping)) for (const blob of needed) blobs.add(blob, to.repository);
    }
  }
  const bySize = blobs.list().map(({ descriptor, repositories }) => ({ blob: descriptor, repositories }));
  return {
    blobs: bySize.sort((a, b) => b.blob.size - a.blob.size),
    levels: levelsOf(withoutTagged(manifests.list(), mappings, parsed), parsed),
    referrers: referrersOf(manifests.list(), parsed),
  };
}

/** Descriptors, each digest once, with the repositories that need them. */
class ContentByRepository {
  readonly #byDigest = new Map<Digest, { descriptor: Descriptor; repositories: Set<string> }>();

  add(descriptor: Descriptor, repository: string): void {
    const existing = this.#byDigest.get(descriptor.digest);
    if (existing) existing.repositories.add(repository);
    else this.#byDigest.set(descriptor.digest, { descriptor, repositories: new Set([repository]) });
  }

  list(): PlannedManifest[] {
    return [...this.#byDigest.values()].map(({ descriptor, repositories }) => ({
      descriptor,
      repositories: [...repositories],
    }));
  }
}

/** Removes the images to which only tags of a repository point: no index, referrer or pinned name. */
function withoutTagged(
  manifests: readonly PlannedManifest[],
  mappings: readonly ImageMapping[],
  parsed: ReadonlyMap<Digest, Manifest>,
): PlannedManifest[] {
  const needed = new Set<string>();
  for (const { to, root } of mappings)
    if (to.tag === undefined) needed.add(`${to.repository} ${root.digest}`);
  for (const { descriptor, repositories } of manifests) {
    const manifest = parsed.get(descriptor.digest);
    const successors = manifest ? successorsOf(manifest) : [];
    for (const { digest } of successors)
      for (const repository of repositories) needed.add(`${repository} ${digest}`);
  }
  return manifests.map(({ descriptor, repositories }) => {
    const manifest = parsed.get(descriptor.digest);
    // The list of referrers is checked before the tags are put.
    const isPlainImage = manifest?.kind === 'image' && manifest.subject === undefined;
    const isNeeded = (repository: string) =>
      !isPlainImage || needed.has(`${repository} ${descriptor.digest}`);
    return { descriptor, repositories: repositories.filter(isNeeded) };
  });
}

/** The manifests that a manifest refers to: its children and its subject. */
function successorsOf(manifest: Manifest): Descriptor[] {
  const children = manifest.kind === 'index' ? manifestsOf(manifest) : [];
  return manifest.subject ? [...children, manifest.subject] : children;
}

/** Groups manifests by level: children and subjects come before the manifests that refer to them. */
function levelsOf(
  manifests: readonly PlannedManifest[],
  parsed: ReadonlyMap<Digest, Manifest>,
): PlannedManifest[][] {
  const levelByDigest = new Map<Digest, number>();
  const levelOf = (digest: Digest): number => {
    const known = levelByDigest.get(digest);
    if (known !== undefined) return known;
    const manifest = parsed.get(digest);
    if (!manifest) return -1;
    const level = 1 + Math.max(-1, ...successorsOf(manifest).map(successor => levelOf(successor.digest)));
    levelByDigest.set(digest, level);
    return level;
  };
  const levels: PlannedManifest[][] = [];
  for (const manifest of manifests) {
    const level = levelOf(manifest.descriptor.digest);
    levels[level] = [...(levels[level] ?? []), manifest];
  }
  return levels;
}

function referrersOf(
  manifests: readonly PlannedManifest[],
  parsed: ReadonlyMap<Digest, Manifest>,
): ReferrersUpdate[] {
  const updates = new Map<string, ReferrersUpdate & { readonly referrers: Descriptor[] }>();
  for (const { descriptor, repositories } of manifests) {
    const manifest = parsed.get(descriptor.digest);
    const subject = manifest?.subject?.digest;
    if (manifest === undefined || subject === undefined) continue;
    for (const repository of repositories) {
      const key = `${repository}@${subject}`;
      const update = updates.get(key) ?? { repository, subject, referrers: [] };
      update.referrers.push(referrerDescriptor(descriptor, manifest));
      updates.set(key, update);
    }
  }
  return [...updates.values()];
}
