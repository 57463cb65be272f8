import { AirgapError } from '../model/errors.ts';
import { canonicalHost, Reference } from './reference.ts';

/** A registry to push into, and what stands before every name there. */
export interface TargetLocation {
  /** The host, with its port when it has one; Docker Hub is `docker.io`. */
  readonly registry: string;
  /** Path segments without slashes at their ends; empty for none. */
  readonly prefix: string;
}

/**
 * How the names of a bundle become names of a target.
 *
 * - `path`  the host is dropped, the path stays: `quay.io/team/app` is `team/app`
 * - `host`  the host becomes the first segment: `quay.io/team/app`
 * - `kots`  only the last segment stays, as KOTS has it: `app`
 */
export const NAMINGS = ['path', 'host', 'kots'] as const;
export type Naming = (typeof NAMINGS)[number];

const HOST = /^(localhost|[^/\s]*[.:][^/\s]*)$/;

/**
 * Reads `REGISTRY[/PREFIX]`. Docker's shorthand does not apply: the first part is always the host.
 *
 * @throws AirgapError `USAGE`
 */
export function parseTargetLocation(text: string): TargetLocation {
  const [host = '', ...segments] = text.replace(/\/+$/, '').split('/');
  if (text.includes('://'))
    throw noTarget(text, 'Leave the scheme out; --plain-http HOST is for a registry without TLS.');
  if (text.includes('@'))
    throw new AirgapError('USAGE', 'a login does not belong into the name of a registry', {
      hint: 'Leave it out, and run airgap login first.',
    });
  if (!HOST.test(host))
    throw noTarget(text, 'Name the registry with a dot or a port, for example registry.local:5000/prefix.');
  const prefix = segments.join('/');
  const registry = canonicalHost(host);
  checkPrefix(text, registry, prefix);
  return { registry, prefix };
}

/** A name there is one with any last segment. */
function checkPrefix(text: string, registry: string, prefix: string): void {
  try {
    Reference.parse('any').relocate(registry, [prefix, 'any'].filter(Boolean).join('/'));
  } catch (cause) {
    throw noTarget(text, `${(cause as Error).message}.`);
  }
}

/** The name of an image at a target; its tag or digest stays. @throws AirgapError `INPUT` when that is no name */
export function relocate(name: Reference, target: TargetLocation, naming: Naming): Reference {
  const before = pathBefore(name.registry, target, naming);
  const path = before === undefined ? [target.prefix, lastSegment(name)] : [before, name.repository];
  return name.relocate(target.registry, path.filter(Boolean).join('/'));
}

/** What stands before the paths of a host's images at a target, empty for nothing; none where their paths do not stay. */
export function pathBefore(host: string, { prefix }: TargetLocation, naming: Naming): string | undefined {
  const before = {
    path: prefix,
    host: [prefix, hostSegment(host)].filter(Boolean).join('/'),
    kots: undefined,
  };
  return before[naming];
}

/** A host as a path segment, which has neither a colon nor upper case, and no hyphen at its ends. */
export function hostSegment(host: string): string {
  const segment = host.toLowerCase().replace(/[[\]]/g, '').replace(/:+/g, '-');
  return segment.replace(/^-/, 'ip6-').replace(/-$/, '-0');
}

function lastSegment({ repository }: Reference): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}

function noTarget(text: string, hint: string): AirgapError {
  return new AirgapError('USAGE', `not a registry to load into: ${JSON.stringify(text)}`, { hint });
}
