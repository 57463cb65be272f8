import type { Range } from '../store/ranges.ts';

/**
 * Parses a `Range` header (RFC 9110, section 14). A malformed header and a header with several ranges are ignored.
 *
 * @param size size of the complete content, in bytes
 */
export function parseRange(header: string | undefined, size: number): Range | 'complete' | 'unsatisfiable' {
  const match = /^\s*bytes\s*=\s*(?<first>\d*)\s*-\s*(?<last>\d*)\s*$/i.exec(header ?? '');
  if (!match?.groups) return 'complete';
  const { first = '', last = '' } = match.groups;
  if (first === '') return last === '' ? 'complete' : suffixRange(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size : Number(last) + 1;
  if (end <= start && last !== '') return 'complete';
  return start < size ? { start, end: Math.min(end, size) } : 'unsatisfiable';
}

function suffixRange(length: number, size: number): Range | 'unsatisfiable' {
  return length > 0 && size > 0 ? { start: Math.max(0, size - length), end: size } : 'unsatisfiable';
}
