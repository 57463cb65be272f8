import type { Range } from '../store/ranges.ts';

/**
 * Reads a `Range` header (RFC 9110, section 14). What is malformed, and several ranges at once, count as no header.
 *
 * @param size of the whole, in bytes
 */
export function parseRange(header: string | undefined, size: number): Range | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === undefined || (first === '' && last === '')) return 'whole';
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size : Number(last) + 1;
  if (end <= start && last !== '') return 'whole';
  return start < size ? { start, end: Math.min(end, size) } : 'unsatisfiable';
}

function suffix(length: number, size: number): Range | 'unsatisfiable' {
  return length > 0 && size > 0 ? { start: Math.max(0, size - length), end: size } : 'unsatisfiable';
}
