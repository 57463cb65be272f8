import { stripVTControlCharacters } from 'node:util';

/** In characters. */
const MAX_LENGTH = 500;

/** The end of a program's output, on one line and without control characters. */
export function stderrTail(output: string): string {
  const line = stripVTControlCharacters(output)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length > MAX_LENGTH ? `… ${line.slice(-MAX_LENGTH)}` : line;
}
