import { stripVTControlCharacters } from 'node:util';

/** The most characters of them that are repeated. */
const MAX_WORDS = 500;

/** The end of what a program has said, on one line and without control characters. */
export function stderrTail(said: string): string {
  const line = stripVTControlCharacters(said)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length > MAX_WORDS ? `… ${line.slice(-MAX_WORDS)}` : line;
}
