import { AirgapError } from '../model/errors.ts';
import { canonicalHost, parseRegistry } from '../reference/reference.ts';
import { endpointsFor } from '../registry/endpoint.ts';

/** Returns what is wrong with a key of `mirrors:`, which must be the host that image names have. */
export function mirrorKeyProblem(key: string): string | undefined {
  const host = hostOf(key);
  if (host === undefined) return 'is not a registry host: write it as in image names, for example docker.io';
  if (host === key && canonicalHost(key) === key) return undefined;
  return `is never used: image names have ${host}`;
}

/** Returns what is wrong with the URL of a mirror. */
export function mirrorUrlProblem(url: string): string | undefined {
  try {
    endpointsFor('mirror.test', { mirrors: { 'mirror.test': url } });
    return undefined;
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    return 'has an invalid URL: write it as https://mirror.example.com/prefix, without credentials';
  }
}

/** Returns the host as it appears in canonical image names. */
function hostOf(key: string): string | undefined {
  try {
    return parseRegistry(key);
  } catch {
    return undefined;
  }
}
