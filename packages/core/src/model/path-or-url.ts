import { basename, dirname, join, resolve } from 'node:path';

const URL_START = /^(?:https?|s3|oci):\/\//i;
const WEB_START = /^https?:\/\//i;

/** Whether a name that a user typed is a URL: everything else is a path of this machine. */
export function isUrl(path: string): boolean {
  return URL_START.test(path);
}

/** A path or URL for messages and results: without the credentials and the query of a URL, which are secrets. */
export function shownPath(path: string): string {
  if (!WEB_START.test(path)) return path;
  const url = webUrl(path);
  if (url === undefined) return path.replace(/\?.*$/s, '?***').replace(/\/\/[^/]*@/, '//***@');
  const { protocol, host, pathname, search } = url;
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?***'}`;
}

/** The absolute path for results; of a URL what {@link shownPath} shows. */
export function absolutePath(path: string): string {
  return isUrl(path) ? shownPath(path) : resolve(path);
}

/** The last element of a path, or of the path of a URL. */
export function baseName(path: string): string {
  const url = webUrl(path);
  return basename(url === undefined ? path : decoded(url.pathname));
}

/** The path with a suffix. Of a URL without its query, which is for one file. */
export function withSuffix(path: string, suffix: string): string {
  const url = webUrl(path);
  if (url === undefined) return `${path}${suffix}`;
  url.pathname += suffix;
  return withoutQuery(url);
}

/** A file in the same folder as another one. */
export function beside(path: string, name: string): string {
  const url = webUrl(path);
  if (url === undefined) return isUrl(path) ? `${folderOf(path)}${name}` : join(dirname(path), name);
  url.pathname = `${folderOf(url.pathname)}${encodeURIComponent(name)}`;
  return withoutQuery(url);
}

/** The path up to its last slash. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** A URL with a query; those of object stores have plain keys. */
function webUrl(path: string): URL | undefined {
  return WEB_START.test(path) && URL.canParse(path) ? new URL(path) : undefined;
}

function withoutQuery(url: URL): string {
  url.search = '';
  url.hash = '';
  return url.href;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
