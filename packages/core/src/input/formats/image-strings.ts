import { Reference } from '../../reference/reference.ts';

/** A string that looks like an image. */
export interface ImageString {
  /** The reference as written, without a `docker://` or `oci://` before it. */
  readonly reference: string;
  /** Names its registry, so that it is hardly anything else. Without a registry, only a key or name tells. */
  readonly isFull: boolean;
  /** The part of the reference that its place has, if the reference was put together from several fields. */
  readonly written?: string;
}

/** No reference is longer: a name has 255 characters, a tag 128, a digest 71. */
const MAX_LENGTH = 456;
/** The characters between references in commands, lists and embedded documents. */
const WORD = /[^\s"'`,;=()<>|&\\]+/g;
const SCHEME = /^(?:docker|oci):\/\//;
const PATH_AND_VERSION =
  /^[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;
/** The effects of a taint: `node.kubernetes.io/unreachable:NoExecute` is not an image. */
const TAINT = /:(?:NoSchedule|PreferNoSchedule|NoExecute)-?$/;
/** The domains of labels, annotations, API groups and source code. Their registries are listed below. */
const NO_REGISTRY =
  /(?:^|\.)(?:kubernetes\.io|k8s\.io|githubusercontent\.com|golang\.org|googleapis\.com)$|^github\.com$/i;
const REGISTRY = /(?:^|\.)(?:registry|gcr)\.(?:kubernetes|k8s)\.io$/i;
/** Digests, and words before a port or a time. */
const NO_NAME = /^(?:sha256|sha512|localhost|https?|file|system|\d+)$/;
const FILE =
  /\.(?:png|jpe?g|gif|svg|ico|webp|iso|img|qcow2|raw|vmdk|vhdx?|ova|tar|gz|tgz|xz|zip|ya?ml|json|sh)$/i;

/**
 * Finds the images with a registry and a tag or digest in a text; with `isNamed`, also those of Docker Hub without a
 * registry. Takes time linear in the text.
 *
 * @param isNamed whether the key or name of the text says that it is an image
 */
export function imagesIn(text: string, isNamed: boolean): ImageString[] {
  if (!text.includes(':')) return [];
  const found: ImageString[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!word.includes(':')) continue;
    const image = imageOf(word, isNamed || isNamedBefore(text, index));
    if (image) found.push(image);
  }
  return found;
}

/** Reads a string that is one image with a tag or digest; undefined if it does not look like one. */
export function imageOf(word: string, isNamed: boolean): ImageString | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const text = trimmed(word).replace(SCHEME, '');
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const isFull = isRegistryHost(first);
  const path = isFull ? text.slice(slash + 1) : text;
  if (!PATH_AND_VERSION.test(path) || !hasVersion(path) || TAINT.test(path)) return undefined;
  if (!isFull && !(isNamed && isDockerHubImage(path))) return undefined;
  return isReference(text) ? { reference: text, isFull } : undefined;
}

/** Reads the value of a field called `image` that has no tag, which means `latest`. */
export function untaggedImage(text: string): ImageString | undefined {
  if (text.length > MAX_LENGTH || !text.includes('/') || FILE.test(text)) return undefined;
  const first = text.slice(0, text.indexOf('/'));
  const path = isRegistryHost(first) ? text.slice(first.length + 1) : text;
  const looksRight = PATH_AND_VERSION.test(path) && !/[./]$/.test(path) && isReference(text);
  return looksRight ? { reference: text, isFull: false } : undefined;
}

/** Returns whether a key, variable or flag says that its value is an image. */
export function namesImage(name: string): boolean {
  return /image(?!s?[-_.]?pull)/i.test(name);
}

/** Returns whether a key or flag with `image` is right before the word: `--x-image=`, `image: `, `"image": "`. */
function isNamedBefore(text: string, index: number): boolean {
  const before = text.slice(Math.max(index - 100, 0), index);
  return /image[\w.-]{0,60}["']?[ \t]{0,9}[:=][ \t]{0,9}["']?$/i.test(before);
}

/** Removes punctuation around a word: brackets of flow collections, a full stop. */
function trimmed(word: string): string {
  let start = 0;
  let end = word.length;
  while (start < end && '{['.includes(word.charAt(start))) start += 1;
  while (end > start && '}].:!?'.includes(word.charAt(end - 1))) end -= 1;
  const isTemplate = start > 1 || word.slice(end).includes('}}');
  return isTemplate ? '' : word.slice(start, end);
}

/** Returns whether the first component of a name is the host of a registry: a domain, or a host with a port. */
function isRegistryHost(first: string): boolean {
  const [host = '', port] = first.split(':');
  if (port !== undefined) return /^[\w.-]+$/.test(host) && /^\d{2,5}$/.test(port);
  const labels = host.split('.');
  const isDomain = labels.length > 1 && labels.every(label => /^[a-z0-9][a-z0-9-]{0,62}$/i.test(label));
  if (!isDomain || !/^[a-z][a-z0-9-]+$/i.test(labels.at(-1) ?? '')) return false;
  return !NO_REGISTRY.test(host) || REGISTRY.test(host);
}

function hasVersion(path: string): boolean {
  return path.includes('@') || path.lastIndexOf(':') > path.lastIndexOf('/');
}

/** Returns whether a name without a registry may be an image, and not a host with its port, a time or a digest. */
function isDockerHubImage(path: string): boolean {
  if (path.includes('@')) return true;
  const colon = path.lastIndexOf(':');
  const name = path.slice(0, colon);
  const tag = path.slice(colon + 1);
  if (NO_NAME.test(name) || !/[a-z]/.test(name)) return false;
  const isPort = !name.includes('/') && (/^\d{4,5}$/.test(tag) || (name.includes('.') && /^\d+$/.test(tag)));
  return !isPort;
}

function isReference(text: string): boolean {
  try {
    Reference.parse(text);
    return true;
  } catch {
    return false;
  }
}
