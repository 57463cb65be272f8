import { AirgapError } from '../model/errors.ts';

/**
 * Refuses `-` as a path to write: it means standard output, and must not become a file of that name.
 *
 * @throws AirgapError `USAGE`
 */
export function refuseStandardOutput(path: string): void {
  if (path !== '-') return;
  throw new AirgapError('USAGE', 'this file cannot be written to standard output', {
    hint: 'Pass the name of a file, or ./- for a file that is called "-".',
  });
}
