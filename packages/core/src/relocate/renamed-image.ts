import { Reference } from '../reference/reference.ts';

/** An image and its reference in the registry that it was loaded into. */
export interface RenamedImage {
  /** The canonical name in the bundle. */
  readonly name: Reference;
  readonly newName: Reference;
  /** The digest that the new name has in the registry. */
  readonly digest: string;
}

/** The part of a load result that the outputs use. */
interface LoadedName {
  readonly name: string;
  readonly destination: string;
  readonly digest: string;
  readonly found: string | undefined;
  readonly state: 'pushed' | 'present' | 'skipped';
}

/** Old and new references of loaded images. */
export function renamedImages(images: readonly LoadedName[]): RenamedImage[] {
  return images.map(({ name, destination, digest, found, state }) => ({
    name: Reference.parse(name),
    newName: Reference.parse(destination),
    // A skipped tag has another digest than the bundle.
    digest: state === 'skipped' ? (found ?? digest) : digest,
  }));
}
