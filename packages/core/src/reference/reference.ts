import { AirgapError } from '../model/errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const LABEL = '(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:.]+\\])(?::[0-9]{1,5})?$`);
/** A domain that a URL leaves as it is: no address in another notation, no encoded label. */
const DOMAIN = /^(?:[a-z0-9-]+\.)+[a-z]+$/;
/** The ID of an image on some machine: docker refuses it as a name, and no registry has it. */
const IMAGE_ID = /^(?:sha256:)?[a-f0-9]{64}$/;
const MAX_NAME = 255;
/** More than a name with a tag and a digest; longer texts are not looked at. */
const MAX_REFERENCE = 1000;
const MAX_PORT = 65_535;

export const DOCKER_HUB = 'docker.io';
export const DOCKER_HUB_INDEX = 'index.docker.io';
/** The API host of Docker Hub. */
export const DOCKER_HUB_API = 'registry-1.docker.io';

/**
 * An image reference in canonical form. It follows the grammar of distribution's `reference` package and Docker's
 * defaults: `redis` is `docker.io/library/redis`. {@link Reference.parse} creates it.
 */
export class Reference {
  /** The registry host, with its port if any; Docker Hub is `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;

  private constructor(registry: string, repository: string, tag?: string, digest?: Digest) {
    this.registry = registry;
    this.repository = repository;
    this.tag = tag;
    this.digest = digest;
  }

  /**
   * Parses `[host[:port]/]path[:tag][@digest]`.
   *
   * @throws AirgapError `INPUT` that names the invalid component
   */
  static parse(text: string): Reference {
    if (text.length > MAX_REFERENCE) throw invalid(text, `the name is longer than ${MAX_NAME} characters`);
    if (IMAGE_ID.test(text)) throw invalid(text, 'it is the ID of a local image, not a name');
    const [beforeDigest, digest] = splitOnce(text, '@');
    if (digest !== undefined && !isDigest(digest)) throw invalid(text, `"${digest}" is not a sha256 digest`);
    const [first, rest] = splitOnce(beforeDigest, '/');
    const hasHost = rest !== undefined && looksLikeHost(first);
    const [path, tag] = splitTag(hasHost ? rest : beforeDigest);
    const registry = canonicalHost(hasHost ? first : DOCKER_HUB);
    const repository = fullPath(registry, path);
    checkHost(text, registry);
    checkRepository(text, path, `${registry}/${repository}`);
    if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
    return new Reference(registry, repository, tag, digest);
  }

  /** Creates a reference to a manifest by digest. */
  static pinned(registry: string, repository: string, digest: Digest): Reference {
    return new Reference(registry, repository, undefined, digest);
  }

  /** The name of a repository, without tag or digest. */
  static inRepository(registry: string, repository: string): Reference {
    return new Reference(registry, repository);
  }

  /** Host and repository, without tag or digest. */
  get name(): string {
    return `${this.registry}/${this.repository}`;
  }

  /** The tag that a runtime would pull: `latest` without a tag and a digest. */
  get effectiveTag(): string | undefined {
    return this.tag ?? (this.digest === undefined ? 'latest' : undefined);
  }

  /** Returns the same reference with the default tag filled in. */
  canonical(): Reference {
    if (this.tag === this.effectiveTag) return this;
    return new Reference(this.registry, this.repository, this.effectiveTag, this.digest);
  }

  withTag(tag: string): Reference {
    if (!TAG.test(tag)) throw invalid(`${this.name}:${tag}`, `"${tag}" is not a tag`);
    return new Reference(this.registry, this.repository, tag);
  }

  withDigest(digest: Digest): Reference {
    return new Reference(this.registry, this.repository, undefined, digest);
  }

  /**
   * Returns the same tag and digest under another name.
   *
   * @param path the repository at that host; `library/` of Docker Hub may be omitted
   * @throws AirgapError `INPUT` when the name is invalid
   */
  relocate(host: string, path: string): Reference {
    const registry = canonicalHost(host);
    const repository = fullPath(registry, path);
    const text = `${registry}/${repository}`;
    checkHost(text, registry);
    checkRepository(text, repository, text);
    return new Reference(registry, repository, this.tag, this.digest);
  }

  /** Formats the canonical form: `docker.io/library/redis:3.2-alpine`. */
  toString(): string {
    const tag = this.effectiveTag;
    const tagSuffix = tag === undefined ? '' : `:${tag}`;
    const digestSuffix = this.digest === undefined ? '' : `@${this.digest}`;
    return `${this.name}${tagSuffix}${digestSuffix}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Returns whether the text is a valid repository name (`<name>` in the distribution-spec). */
export function isRepository(text: string): boolean {
  return text.length <= MAX_NAME && REPOSITORY.test(text);
}

/** Adds the default namespace of Docker Hub, `library`. */
function fullPath(registry: string, path: string): string {
  return registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
}

/** Returns `docker.io` for every name of Docker Hub, and other hosts unchanged. */
export function canonicalHost(host: string): string {
  return host === DOCKER_HUB_INDEX ? DOCKER_HUB : host;
}

/**
 * Parses a registry: a host, or a URL.
 *
 * @throws AirgapError `USAGE`
 */
export function parseRegistry(text: string): string {
  const host = text.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
  if (isRegistryHost(host)) return canonicalHost(host);
  throw new AirgapError('USAGE', `invalid registry: ${JSON.stringify(text.slice(0, 300))}`, {
    hint: 'Write its host, with a port if it has one, for example registry.example.com:5000.',
  });
}

/** Returns whether the text is a valid tag (`<reference>` in the distribution-spec). */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Returns whether a URL can have this host. `999.999.999.999` and `[:]` are none; `0x7f.1` is another one, 127.0.0.1,
 * than the name says.
 */
export function isHost(text: string): boolean {
  if (!HOST.test(text) || !hasValidPort(text)) return false;
  const name = text.replace(/:[0-9]+$/, '').toLowerCase();
  // Every image name is checked several times, and parsing a URL takes longer than everything else.
  if (DOMAIN.test(name) && !name.includes('xn--')) return true;
  const url = `https://${text}/`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname.startsWith('[') || hostname === name;
}

/** Returns whether the text is a registry host, with its port if any, that Docker tells from a path component. */
export function isRegistryHost(text: string): boolean {
  return isHost(text) && looksLikeHost(text);
}

/** Docker's rule: the first component is a host if it has a dot, a port or upper case, or is `localhost`. */
function looksLikeHost(part: string): boolean {
  return /[.:]/.test(part) || part === 'localhost' || part.toLowerCase() !== part;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function splitTag(path: string): [string, string | undefined] {
  const colon = path.lastIndexOf(':');
  return colon < 0 ? [path, undefined] : [path.slice(0, colon), path.slice(colon + 1)];
}

function checkHost(text: string, host: string): void {
  if (HOST.test(host) && !hasValidPort(host)) throw invalid(text, `"${portOf(host)}" is not a valid port`);
  if (!isHost(host)) throw invalid(text, `"${host}" is not a host name`);
}

function portOf(host: string): string | undefined {
  return /:(\d+)$/.exec(host)?.[1];
}

function hasValidPort(host: string): boolean {
  const port = portOf(host);
  return port === undefined || (Number(port) >= 1 && Number(port) <= MAX_PORT);
}

function checkRepository(text: string, path: string, fullName: string): void {
  if (path === '') throw invalid(text, 'the image name is empty');
  if (path.toLowerCase() !== path)
    throw invalid(text, `"${path}" has upper-case letters; image names must be lower case`);
  if (!REPOSITORY.test(path)) throw invalid(text, `"${path}" is not an image name`);
  if (fullName.length > MAX_NAME) throw invalid(text, `the name is longer than ${MAX_NAME} characters`);
}

function invalid(text: string, reason: string): AirgapError {
  return new AirgapError(
    'INPUT',
    `invalid image reference: ${JSON.stringify(text.slice(0, 300))}: ${reason}`,
    {
      hint: 'Write it as [host[:port]/]path[:tag][@sha256:…], for example quay.io/team/app:1.2.',
    },
  );
}
