import { stripVTControlCharacters } from 'node:util';

/** In characters. */
const MAX_LENGTH = 500;

/** The end of a program's output, where programs print the cause: one line, without control characters. */
export function outputTail(output: string): string {
  // More than the limit, because blanks are joined.
  const line = stripVTControlCharacters(output.slice(-8 * MAX_LENGTH))
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length > MAX_LENGTH ? `… ${line.slice(-MAX_LENGTH)}` : line;
}
