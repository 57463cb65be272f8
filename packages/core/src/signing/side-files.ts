import { basename, dirname, join } from 'node:path';
import { parsePartPath } from '../tar/parts.ts';

/** The files beside a bundle that say what it must be. */
export interface SideFiles {
  /** `BUNDLE.sha256`. */
  readonly checksums: string;
  /** `BUNDLE.index.json`, a copy of its `index.json`. */
  readonly index: string;
}

/** The paths of the files beside a bundle. Its parts have those of the bundle that they make. */
export function sideFiles(bundle: string): SideFiles {
  const path = bundlePath(bundle);
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

/** The name of a bundle in its checksums: `bundle.tar`, also for `bundle.tar.001`. */
export function listedName(bundle: string): string {
  return basename(bundlePath(bundle));
}

/** The path of a bundle, also for its first part. A trailing slash of a directory does not count. */
export function bundlePath(path: string): string {
  const part = parsePartPath(path);
  return part?.part === 0 ? part.path : path.replace(/(?<=[^/\\])[/\\]+$/, '');
}
