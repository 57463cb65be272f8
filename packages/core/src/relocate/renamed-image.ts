import { Reference } from '../reference/reference.ts';

/** An image that has another name in the registry that it was loaded into. */
export interface RenamedImage {
  /** As the bundle has it, canonical. */
  readonly name: Reference;
  readonly newName: Reference;
  /** What the new name stands for. */
  readonly digest: string;
}

/** What has to be known of a load. */
interface Loaded {
  readonly name: string;
  readonly destination: string;
  readonly digest: string;
  readonly found: string | undefined;
  readonly state: 'pushed' | 'present' | 'skipped';
}

/** The names that a load has given. */
export function renamedImages(images: readonly Loaded[]): RenamedImage[] {
  return images.map(({ name, destination, digest, found, state }) => ({
    name: Reference.parse(name),
    newName: Reference.parse(destination),
    // A tag that was kept stands for something else than in the bundle.
    digest: state === 'skipped' ? (found ?? digest) : digest,
  }));
}
