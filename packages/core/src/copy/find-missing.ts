import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { ImageTarget } from '../store/image-target.ts';
import type { PlannedBlob, PlannedManifest, PushPlan } from './push-plan.ts';

/** A blob that is missing from at least one repository. */
export interface MissingBlob {
  readonly blob: Descriptor;
  /** Repositories that already have the blob. */
  readonly present: readonly string[];
  /** Repositories that need the blob. */
  readonly missing: readonly string[];
}

/** The blobs and manifests of a plan that the target does not have. */
export interface PushDiff {
  /** The largest first. */
  readonly blobs: readonly MissingBlob[];
  /** Levels as in {@link PushPlan}, with the repositories that need each manifest. */
  readonly levels: readonly (readonly PlannedManifest[])[];
}

/** Checks which blobs and manifests of a plan are missing from the target. @throws what registries throw */
export async function findMissing(
  target: ImageTarget,
  plan: Pick<PushPlan, 'blobs' | 'levels'>,
  registry: string,
): Promise<PushDiff> {
  const blobs = await Promise.all(plan.blobs.map(blob => findMissingBlob(target, blob)));
  const levels = await Promise.all(
    plan.levels.map(level =>
      Promise.all(level.map(manifest => findMissingManifest(target, manifest, registry))),
    ),
  );
  return {
    blobs: blobs.filter(({ missing }) => missing.length > 0),
    levels: levels.map(level => level.filter(({ repositories }) => repositories.length > 0)),
  };
}

async function findMissingBlob(
  target: ImageTarget,
  { blob, repositories }: PlannedBlob,
): Promise<MissingBlob> {
  const exists = await Promise.all(repositories.map(repository => target.hasBlob(repository, blob)));
  return {
    blob,
    present: repositories.filter((_, index) => exists[index]),
    missing: repositories.filter((_, index) => !exists[index]),
  };
}

async function findMissingManifest(
  target: ImageTarget,
  { descriptor, repositories }: PlannedManifest,
  registry: string,
): Promise<PlannedManifest> {
  const found = await Promise.all(
    repositories.map(repository =>
      target.digestOf(Reference.pinned(registry, repository, descriptor.digest)),
    ),
  );
  return {
    descriptor,
    repositories: repositories.filter((_, index) => found[index] !== descriptor.digest),
  };
}
