import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { ImageTarget } from '../store/image-target.ts';
import type { PlannedBlob, PlannedManifest, PushPlan } from './push-plan.ts';

/** A blob that some repositories lack. */
export interface MissingBlob {
  readonly blob: Descriptor;
  /** Repositories that have it. */
  readonly present: readonly string[];
  /** Repositories that need it. */
  readonly missing: readonly string[];
}

/** What is left to do of a plan, once the destination was asked what it has. */
export interface PushDiff {
  /** The largest first. */
  readonly blobs: readonly MissingBlob[];
  readonly levels: readonly (readonly PlannedManifest[])[];
}

/** Asks the destination which blobs and manifests of a plan it has. */
export async function findMissing(
  destination: ImageTarget,
  plan: Pick<PushPlan, 'blobs' | 'levels'>,
  registry: string,
): Promise<PushDiff> {
  const blobs = await Promise.all(plan.blobs.map(blob => findMissingBlob(destination, blob)));
  const rounds = await Promise.all(
    plan.levels.map(round =>
      Promise.all(round.map(manifest => findMissingManifest(destination, manifest, registry))),
    ),
  );
  return {
    blobs: blobs.filter(({ missing }) => missing.length > 0),
    levels: rounds.map(round => round.filter(({ repositories }) => repositories.length > 0)),
  };
}

async function findMissingBlob(
  destination: ImageTarget,
  { blob, repositories }: PlannedBlob,
): Promise<MissingBlob> {
  const has = await Promise.all(repositories.map(repository => destination.hasBlob(repository, blob)));
  return {
    blob,
    present: repositories.filter((_, index) => has[index]),
    missing: repositories.filter((_, index) => !has[index]),
  };
}

async function findMissingManifest(
  destination: ImageTarget,
  { descriptor, repositories }: PlannedManifest,
  registry: string,
): Promise<PlannedManifest> {
  const found = await Promise.all(
    repositories.map(repository =>
      destination.digestOf(Reference.pinned(registry, repository, descriptor.digest)),
    ),
  );
  return {
    descriptor,
    repositories: repositories.filter((_, index) => found[index] !== descriptor.digest),
  };
}
