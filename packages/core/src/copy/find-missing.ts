import type { Destination } from '../store/image-target.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
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
export interface Work {
  /** The largest first. */
  readonly blobs: readonly MissingBlob[];
  readonly rounds: readonly (readonly PlannedManifest[])[];
}

/** Asks the destination which blobs and manifests of a plan it has. */
export async function survey(
  destination: Destination,
  plan: Pick<PushPlan, 'blobs' | 'rounds'>,
  registry: string,
): Promise<Work> {
  const blobs = await Promise.all(plan.blobs.map(blob => surveyBlob(destination, blob)));
  const rounds = await Promise.all(
    plan.rounds.map(round =>
      Promise.all(round.map(manifest => surveyManifest(destination, manifest, registry))),
    ),
  );
  return {
    blobs: blobs.filter(({ missing }) => missing.length > 0),
    rounds: rounds.map(round => round.filter(({ repositories }) => repositories.length > 0)),
  };
}

async function surveyBlob(
  destination: Destination,
  { blob, repositories }: PlannedBlob,
): Promise<MissingBlob> {
  const has = await Promise.all(repositories.map(repository => destination.hasBlob(repository, blob)));
  return {
    blob,
    present: repositories.filter((_, index) => has[index]),
    missing: repositories.filter((_, index) => !has[index]),
  };
}

async function surveyManifest(
  destination: Destination,
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
