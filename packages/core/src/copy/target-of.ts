import type { ReferrersTarget } from '../store/image-target.ts';

/** Opens a repository of the registry that is pushed to. */
export type TargetOf = (repository: string) => ReferrersTarget;
