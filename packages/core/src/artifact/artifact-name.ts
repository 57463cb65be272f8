import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';

const SCHEME = 'oci://';

/** Whether a text names a bundle in a registry. Schemes may be in upper case (RFC 3986). */
export function isArtifactName(text: string): boolean {
  return text.slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/**
 * Parses `oci://REGISTRY/REPOSITORY:TAG`, or with a digest.
 *
 * @throws AirgapError `USAGE` without a registry, or with neither tag nor digest; `INPUT` for an invalid name
 */
export function parseArtifactName(text: string): Reference {
  const rest = isArtifactName(text) ? text.slice(SCHEME.length) : '';
  const [host = '', ...path] = rest.split('/');
  // Not quoted: what precedes the @ may be a password.
  if (host.includes('@'))
    throw new AirgapError('USAGE', 'the name of a bundle in a registry has no credentials', {
      hint: 'Log in with airgap login, and write it as oci://REGISTRY/REPOSITORY:TAG.',
    });
  // A name without a host is one of Docker Hub.
  const name = path.length > 0 ? Reference.parse(rest) : undefined;
  const hasHost = name !== undefined && (host === 'localhost' || /[.:]/.test(host));
  if (hasHost && (name.tag !== undefined || name.digest !== undefined)) return name;
  throw new AirgapError('USAGE', `not the name of a bundle in a registry: ${JSON.stringify(text)}`, {
    hint: 'Write it as oci://REGISTRY/REPOSITORY:TAG.',
  });
}
