import { AIRGAP } from '../test/support/airgap.ts';

/** Returns a shell line that runs airgap with these arguments. */
export function airgapLine(...args: readonly string[]): string {
  return [process.execPath, AIRGAP, ...args].join(' ');
}

/** Returns a shell line of a command that connects to a registry without TLS. */
export function remoteLine(host: string, ...args: readonly string[]): string {
  return airgapLine(...args, '--plain-http', host, '--progress', 'none');
}

/** Returns a shell line that loads a bundle into a registry. @param ca the file of its certificate authority, if it has TLS */
export function loadLine(host: string, bundle: string, ca: string | undefined): string {
  if (ca === undefined) return remoteLine(host, 'load', bundle, host);
  return airgapLine('load', bundle, host, '--ca', ca, '--progress', 'none');
}

/** Returns a shell line that builds a bundle from a list of images. */
export function buildLine(host: string, list: string, file: string, ...more: readonly string[]): string {
  return remoteLine(host, 'build', list, '--output', file, ...more);
}
