import type { Range } from '../store/ranges.ts';

/** The largest number of parts: each has three digits in its name, and all are open at once. */
export const MAX_PARTS = 999;

/** A range of one part. */
export interface PartRange extends Range {
  /** The part, counted from 0. */
  readonly part: number;
}

/** The number of parts of a tar. All sizes are bytes. */
export function partCount(size: number, partSize: number): number {
  return Math.ceil(size / partSize);
}

/** The size of one part, counted from 0: all but the last have the same. */
export function sizeOfPart(part: number, size: number, partSize: number): number {
  return Math.min(partSize, size - part * partSize);
}

/** The name of a part, counted from 0: `bundle.tar.001` for the first part of `bundle.tar`. */
export function partPath(path: string, part: number): string {
  return `${path}.${String(part + 1).padStart(3, '0')}`;
}

/** The name of a part, taken apart; undefined for another name. */
export function parsePartPath(text: string): { readonly path: string; readonly part: number } | undefined {
  const groups = /^(?<path>.+)\.(?<number>\d{3})$/s.exec(text)?.groups;
  const part = Number(groups?.number ?? 0) - 1;
  return groups?.path !== undefined && part >= 0 ? { path: groups.path, part } : undefined;
}

/** The path of the checksums of the parts. */
export function partSums(path: string): string {
  return `${path}.parts.sha256`;
}

/** Splits a range of a tar at the ends of its parts. An empty range is one empty range. */
export function splitRange({ start, end }: Range, partSize: number): PartRange[] {
  const ranges: PartRange[] = [];
  let at = start;
  do {
    const part = Math.floor(at / partSize);
    const first = part * partSize;
    const stop = Math.min(end, first + partSize);
    ranges.push({ part, start: at - first, end: stop - first });
    at = stop;
  } while (at < end);
  return ranges;
}
