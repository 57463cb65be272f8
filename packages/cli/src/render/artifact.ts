import { isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Returns the path of a file relative to a folder, with `/` separators; undefined if the file is not below it. */
export function pathBelow(folder: string, file: string): string | undefined {
  const path = relative(folder, resolve(folder, file));
  const parts = path.split(sep);
  return path === '' || isAbsolute(path) || parts[0] === '..' ? undefined : parts.join('/');
}

/** Returns a file as a URI: relative and percent-encoded below the folder, a `file:` URI elsewhere. */
export function artifactUri(folder: string, file: string): string {
  const path = pathBelow(folder, file);
  if (path === undefined) return pathToFileURL(resolve(folder, file)).href;
  return path.split('/').map(encodeURIComponent).join('/');
}
