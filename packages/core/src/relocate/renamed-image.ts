import { Reference } from '../reference/reference.ts';
import { type ProxyApp, proxyName } from '../reference/replicated.ts';

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

/** Old and new references of loaded images. @param proxy the new names are those of the proxy in front of the registry */
export function renamedImages(images: readonly LoadedName[], proxy?: ProxyApp): RenamedImage[] {
  const nameOf = (reference: Reference) => (proxy ? proxyName(reference, proxy) : reference);
  return images.map(({ name, destination, digest, found, state }) => ({
    name: Reference.parse(name),
    newName: nameOf(Reference.parse(destination)),
    // A skipped tag has another digest than the bundle.
    digest: state === 'skipped' ? (found ?? digest) : digest,
  }));
}
