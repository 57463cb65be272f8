import type { Layout } from '../layout/layout.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageMapping } from './image-mapping.ts';
import type { PlannedBlob, PlannedManifest, PushPlan } from './push-plan.ts';
import type { TargetOf } from './target-of.ts';

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

/**
 * Checks which blobs and manifests of a plan are missing from the target.
 *
 * @param onEvent receives a `step` for each of them
 * @throws what registries throw
 */
export async function findMissing(
  targetOf: TargetOf,
  plan: Pick<PushPlan, 'blobs' | 'levels'>,
  onEvent: OnEvent = () => {},
): Promise<PushDiff> {
  const total = plan.blobs.length + plan.levels.flat().length;
  let done = 0;
  const counted = async <T>(check: Promise<T>): Promise<T> => {
    const result = await check;
    done += 1;
    onEvent({ type: 'step', done, total });
    return result;
  };
  const blobs = await Promise.all(plan.blobs.map(blob => counted(findMissingBlob(targetOf, blob))));
  const levels = await Promise.all(
    plan.levels.map(level =>
      Promise.all(level.map(manifest => counted(findMissingManifest(targetOf, manifest)))),
    ),
  );
  return {
    blobs: blobs.filter(({ missing }) => missing.length > 0),
    levels: levels.map(level => level.filter(({ repositories }) => repositories.length > 0)),
  };
}

async function findMissingBlob(
  targetOf: TargetOf,
  { blob, repositories }: PlannedBlob,
): Promise<MissingBlob> {
  const exists = await Promise.all(repositories.map(repository => targetOf(repository).has(blob)));
  return {
    blob,
    present: repositories.filter((_, index) => exists[index]),
    missing: repositories.filter((_, index) => !exists[index]),
  };
}

async function findMissingManifest(
  targetOf: TargetOf,
  { descriptor, repositories }: PlannedManifest,
): Promise<PlannedManifest> {
  const found = await Promise.all(
    repositories.map(repository => targetOf(repository).digestOf(descriptor.digest)),
  );
  return {
    descriptor,
    repositories: repositories.filter((_, index) => found[index] !== descriptor.digest),
  };
}

/** Returns the images of which the target lacks a manifest. @throws AirgapError `BUNDLE`, `CONTENT` */
export async function withMissingManifests(
  layout: Layout,
  mappings: readonly ImageMapping[],
  { levels }: Pick<PushDiff, 'levels'>,
): Promise<ImageMapping[]> {
  const missing = new Map(
    levels.flat().map(({ descriptor, repositories }) => [descriptor.digest, repositories]),
  );
  const found: ImageMapping[] = [];
  for (const mapping of missing.size === 0 ? [] : mappings) {
    for await (const { descriptor } of walkManifests(layout, mapping.root, rethrow)) {
      if (!missing.get(descriptor.digest)?.includes(mapping.to.repository)) continue;
      found.push(mapping);
      break;
    }
  }
  return found;
}
