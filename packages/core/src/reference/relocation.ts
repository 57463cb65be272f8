import { closest } from '../model/closest.ts';
import { AirgapError } from '../model/errors.ts';
import { withoutTrailing } from '../model/without-trailing.ts';
import { canonicalHost, isRegistryHost, isRepository, type Reference } from './reference.ts';

/** A target registry and the prefix of its repositories. */
export interface TargetLocation {
  /** The registry host, with its port if any; Docker Hub is `docker.io`. */
  readonly registry: string;
  /** Path components without leading or trailing slashes; may be empty. */
  readonly prefix: string;
}

/**
 * How image names map to repositories of the target.
 *
 * - `path`  drop the host: `quay.io/team/app` maps to `team/app`
 * - `host`  use the host as the first path component: `quay.io/team/app`
 * - `kots`  use only the last path component, as KOTS does: `app`; of a tag and a digest, only the digest
 */
export const NAMINGS = ['path', 'host', 'kots'] as const;
export type Naming = (typeof NAMINGS)[number];

/** What docker, skopeo and ctr users may have in mind. */
const RUNTIMES = ['docker:', 'podman:', 'containerd:'] as const;

/**
 * Parses `REGISTRY[/PREFIX]`. Docker's shorthand does not apply: the first component is always the host.
 *
 * @throws AirgapError `USAGE`
 */
export function parseTargetLocation(text: string): TargetLocation {
  const location = withoutTrailing(text, '/');
  if (text.includes('://'))
    throw invalidTarget(text, 'Omit the scheme; use --plain-http HOST for a registry without TLS.');
  if (text.includes('@'))
    throw new AirgapError('USAGE', 'the registry name contains credentials', {
      hint: 'Remove the credentials from the registry name, and run airgap login first.',
    });
  const slash = location.indexOf('/');
  const host = slash < 0 ? location : location.slice(0, slash);
  const prefix = slash < 0 ? '' : location.slice(slash + 1);
  if (!isRegistryHost(host)) throw invalidTarget(text, hostHint(text));
  if (prefix !== '' && !isRepository(prefix)) throw invalidTarget(text, prefixHint(prefix));
  return { registry: canonicalHost(host), prefix };
}

function hostHint(text: string): string {
  const runtime = closest(text, RUNTIMES);
  if (runtime !== undefined) return `Did you mean ${runtime}?`;
  return 'Name the registry with a dot or a port, for example registry.local:5000/prefix.';
}

function prefixHint(prefix: string): string {
  const lower = prefix.toLowerCase();
  if (lower !== prefix && isRepository(lower)) return `Write the prefix in lower case: ${lower}.`;
  return 'Use lower-case letters and digits in the prefix, with single ., _ or - between them, and / between its parts.';
}

/**
 * Maps an image name to a target; its tag and digest are preserved, but for `kots`, which drops the tag of a name with a
 * digest.
 *
 * @throws AirgapError `INPUT` when the name is invalid
 */
export function relocate(name: Reference, target: TargetLocation, naming: Naming): Reference {
  const prefix = pathPrefix(name.registry, target, naming);
  const path = prefix === undefined ? [target.prefix, lastSegment(name)] : [prefix, name.repository];
  const to = name.relocate(target.registry, path.filter(Boolean).join('/'));
  return naming === 'kots' && to.digest !== undefined ? to.withDigest(to.digest) : to;
}

/** Returns the prefix of the repositories of a host at a target, which may be empty; undefined for `kots`, which drops their paths. */
export function pathPrefix(host: string, { prefix }: TargetLocation, naming: Naming): string | undefined {
  if (naming === 'kots') return undefined;
  if (naming === 'path') return prefix;
  return [prefix, hostSegment(host)].filter(Boolean).join('/');
}

/** Returns a host as a path component: without colons, upper case, and hyphens at either end. */
export function hostSegment(host: string): string {
  const segment = host.toLowerCase().replace(/[[\]]/g, '').replace(/:+/g, '-');
  return segment.replace(/^-/, 'ip6-').replace(/-$/, '-0');
}

/** The last path component of a name, which is all that KOTS keeps of it. */
export function lastSegment({ repository }: Reference): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}

function invalidTarget(text: string, hint: string): AirgapError {
  return new AirgapError('USAGE', `invalid target registry: ${JSON.stringify(text)}`, { hint });
}
