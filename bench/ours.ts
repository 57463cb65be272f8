import { AIRGAP } from '../test/airgap.ts';

/** Our own program with these arguments, as a shell line. */
export function airgapLine(...args: readonly string[]): string {
  return [process.execPath, AIRGAP, ...args].join(' ');
}

/** A line that builds a bundle of a list of images. */
export function buildLine(list: string, file: string, ...more: readonly string[]): string {
  return airgapLine('build', list, '--output', file, '--progress', 'none', ...more);
}
