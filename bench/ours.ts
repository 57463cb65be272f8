import { AIRGAP } from '../test/airgap.ts';

/** Our own program with these arguments, as a shell line. */
export function airgapLine(...args: readonly string[]): string {
  return [process.execPath, AIRGAP, ...args].join(' ');
}

/** A line of a command that asks a registry which, as the others are told too, has no TLS. */
export function remoteLine(host: string, ...args: readonly string[]): string {
  return airgapLine(...args, '--plain-http', host, '--progress', 'none');
}

/** A line that builds a bundle of a list of a registry's images. */
export function buildLine(host: string, list: string, file: string, ...more: readonly string[]): string {
  return remoteLine(host, 'build', list, '--output', file, ...more);
}
