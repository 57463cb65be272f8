import { baseName, isUrl, withSuffix } from '../model/path-or-url.ts';
import { parsePartPath } from '../tar/parts.ts';

const INDEX_SUFFIX = '.index.json';

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
  return { checksums: withSuffix(path, '.sha256'), index: withSuffix(path, INDEX_SUFFIX) };
}

/** The name of the copy of a bundle's `index.json`. */
export function indexCopy(name: string): string {
  return `${name}${INDEX_SUFFIX}`;
}

/** The name of a bundle in its checksums: `bundle.tar`, also for `bundle.tar.001`. */
export function listedName(bundle: string): string {
  return baseName(bundlePath(bundle));
}

/** The path of a bundle, also for its first part. A trailing slash of a directory does not count. */
export function bundlePath(path: string): string {
  if (isUrl(path)) return path;
  const part = parsePartPath(path);
  return part?.part === 0 ? part.path : path.replace(/(?<=[^/\\])[/\\]+$/, '');
}
