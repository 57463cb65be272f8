import type { BundleReader } from '../bundle/reader.ts';
import { requireBlobs, rethrow, walkManifests } from '../layout/walk.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { referrerDescriptor } from '../oci/referrer.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { ImageMapping } from './image-mapping.ts';

/** A blob, and the repositories that need it. */
export interface PlannedBlob {
  readonly blob: Descriptor;
  readonly repositories: readonly string[];
}

/** A manifest, and the repositories that need it. */
export interface PlannedManifest {
  readonly descriptor: Descriptor;
  readonly repositories: readonly string[];
}

/** Everything that has to be in a registry so that the names of a bundle work there. */
export interface PushPlan {
  /** Each digest once, the largest first. */
  readonly blobs: readonly PlannedBlob[];
  /** What can be pushed at the same time: a registry may refuse a manifest that refers to one it lacks. */
  readonly levels: readonly (readonly PlannedManifest[])[];
  /** What names a subject. */
  readonly referrers: readonly ReferrersUpdate[];
}

/** What refers to one manifest in one repository. */
export interface ReferrersUpdate {
  readonly repository: string;
  readonly subject: Digest;
  /** As lists of referrers show them. */
  readonly referrers: readonly Descriptor[];
}

/**
 * Plans the push of a whole bundle, from its manifests alone.
 *
 * @throws AirgapError `BUNDLE` when something that a name needs is missing, `CONTENT` for a damaged manifest
 */
export async function planPush(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  deliveries: readonly ImageMapping[],
): Promise<PushPlan> {
  const blobs = new Needs();
  const manifests = new Needs();
  const parsed = new Map<Digest, Manifest>();
  for (const { root, to } of deliveries) {
    for await (const { descriptor, manifest } of walkManifests(bundle, entries, root, rethrow)) {
      parsed.set(descriptor.digest, manifest);
      manifests.add(descriptor, to.repository);
      if (manifest.kind === 'index') continue;
      for (const blob of requireBlobs(bundle, entries, manifest)) blobs.add(blob, to.repository);
    }
  }
  const bySize = blobs.list().map(({ descriptor, repositories }) => ({ blob: descriptor, repositories }));
  return {
    blobs: bySize.sort((a, b) => b.blob.size - a.blob.size),
    levels: levelsOf(manifests.list(), parsed),
    referrers: referrersOf(manifests.list(), parsed),
  };
}

/** Content, each digest once, and the repositories that need it. */
class Needs {
  readonly #needs = new Map<Digest, { descriptor: Descriptor; repositories: Set<string> }>();

  add(descriptor: Descriptor, repository: string): void {
    const known = this.#needs.get(descriptor.digest);
    if (known) known.repositories.add(repository);
    else this.#needs.set(descriptor.digest, { descriptor, repositories: new Set([repository]) });
  }

  list(): PlannedManifest[] {
    return [...this.#needs.values()].map(({ descriptor, repositories }) => ({
      descriptor,
      repositories: [...repositories],
    }));
  }
}

/** Sorts manifests by how far they are from the last one that they lead to: children first, subjects first. */
function levelsOf(manifests: readonly PlannedManifest[], parsed: ReadonlyMap<Digest, Manifest>) {
  const heights = new Map<Digest, number>();
  const height = (digest: Digest): number => {
    const known = heights.get(digest);
    if (known !== undefined) return known;
    const manifest = parsed.get(digest);
    if (!manifest) return -1;
    const below = manifest.kind === 'index' ? [...manifest.manifests] : [];
    if (manifest.subject) below.push(manifest.subject);
    const own = 1 + Math.max(-1, ...below.map(child => height(child.digest)));
    heights.set(digest, own);
    return own;
  };
  const rounds: PlannedManifest[][] = [];
  for (const manifest of manifests) {
    const round = height(manifest.descriptor.digest);
    rounds[round] = [...(rounds[round] ?? []), manifest];
  }
  return rounds;
}

function referrersOf(
  manifests: readonly PlannedManifest[],
  parsed: ReadonlyMap<Digest, Manifest>,
): ReferrersUpdate[] {
  const referrals = new Map<string, ReferrersUpdate & { readonly referrers: Descriptor[] }>();
  for (const { descriptor, repositories } of manifests) {
    const manifest = parsed.get(descriptor.digest);
    const subject = manifest?.subject?.digest;
    if (manifest === undefined || subject === undefined) continue;
    for (const repository of repositories) {
      const referral = referrals.get(`${repository}@${subject}`) ?? { repository, subject, referrers: [] };
      referral.referrers.push(referrerDescriptor(descriptor, manifest));
      referrals.set(`${repository}@${subject}`, referral);
    }
  }
  return [...referrals.values()];
}
