import type { Range } from '../store/ranges.ts';

/** One range with one or two numbers (RFC 9110, section 14.1.2). It allows no blanks. */
const BYTE_RANGE = /^bytes=(?<first>\d*)-(?<last>\d*)$/i;
/** In characters; two offsets need fewer than 50. */
const MAX_LENGTH = 100;

/**
 * Parses a `Range` header (RFC 9110, section 14). A malformed header and a header with several ranges are ignored, as
 * the specification allows: the client gets the complete content.
 *
 * @param size size of the complete content, in bytes
 */
export function parseRange(header: string | undefined, size: number): Range | 'complete' | 'unsatisfiable' {
  if (header === undefined || header.length > MAX_LENGTH) return 'complete';
  const groups = BYTE_RANGE.exec(header)?.groups;
  if (groups === undefined) return 'complete';
  const { first = '', last = '' } = groups;
  if (first === '') return last === '' ? 'complete' : suffixRange(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size : Number(last) + 1;
  if (end <= start && last !== '') return 'complete';
  return start < size ? { start, end: Math.min(end, size) } : 'unsatisfiable';
}

function suffixRange(length: number, size: number): Range | 'unsatisfiable' {
  return length > 0 && size > 0 ? { start: Math.max(0, size - length), end: size } : 'unsatisfiable';
}
