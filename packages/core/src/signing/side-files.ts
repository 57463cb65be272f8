import { basename, dirname, join } from 'node:path';

/** The files beside a bundle that say what it must be. */
export interface SideFiles {
  /** `BUNDLE.sha256`. */
  readonly checksums: string;
  /** `BUNDLE.index.json`, a copy of its `index.json`. */
  readonly index: string;
}

/** The paths of the files beside a bundle. */
export function sideFiles(bundle: string): SideFiles {
  const path = bundle.replace(/(?<=.)[/\\]+$/, '');
  return { checksums: `${path}.sha256`, index: indexCopy(path) };
}

/** The path, or the name, of the copy of a bundle's `index.json`. */
export function indexCopy(bundle: string): string {
  return `${bundle}.index.json`;
}

/** A file in the same folder as another one. */
export function beside(path: string, name: string): string {
  return join(dirname(path), name);
}

/** The name of a bundle in its checksums. A trailing slash of a directory does not count. */
export function listedName(bundle: string): string {
  return basename(bundle);
}
