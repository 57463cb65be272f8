import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import type { Range } from '../store/ranges.ts';
import { BLOCK, padded } from '../tar/header.ts';
import { parsePartSize } from '../tar/part-size.ts';
import type { TarPlaces } from '../tar/plan.ts';

const MIB = 1024 ** 2;
/** The smallest part that is not the last one, in bytes (S3, "Multipart upload limits"). */
const MIN_PART = 5 * MIB;
/** The largest part, in bytes. */
const MAX_PART = 5 * 1024 * MIB;
/** The largest number of parts, and the number that is aimed at: the rule below may need some more. */
export const MAX_PARTS = 10_000;
const AIMED_PARTS = 9000;
/** The size that parts have at least if the bundle is not small, in bytes. */
const DEFAULT_PART = 64 * MIB;

/** A part of a multipart upload: a range of the tar. */
export interface UploadPart extends Range {
  /** Counted from 1. */
  readonly number: number;
}

/**
 * What one worker uploads in one go: complete entries of the tar, in order. Each blob is in one task, so that its digest
 * is known before its last byte is sent.
 */
export interface UploadTask extends Range {
  readonly parts: readonly UploadPart[];
}

/** The size of the parts for a tar, in bytes: so that it has fewer than 10,000. @param size of the tar, in bytes */
export function partSizeFor(size: number): number {
  return Math.max(DEFAULT_PART, Math.ceil(size / AIMED_PARTS / MIB) * MIB);
}

/** Parses the size of the parts of an upload, such as `64MiB`. @returns bytes. @throws AirgapError `USAGE` */
export function parseUploadPartSize(text: string): number {
  const size = parsePartSize(text);
  if (size >= MIN_PART && size <= MAX_PART / 2) return size;
  throw new AirgapError('USAGE', `part size out of range: ${formatBytes(size)}`, {
    hint: `Use at least 5MiB and at most ${formatBytes(MAX_PART / 2)}.`,
  });
}

/**
 * Cuts a tar into tasks and parts. A task ends at the header of an entry once it has the size of a part, and before an
 * entry that is larger than a part; then it is cut into parts of equal size, which are smaller than two of the given size.
 *
 * @param partSize in bytes, as {@link parseUploadPartSize} returns it
 * @throws AirgapError `USAGE` for too many parts, `UNSUPPORTED` for a tar that no object can hold
 */
export function cutTasks({ entries, size }: TarPlaces, partSize: number): UploadTask[] {
  const starts = [0];
  let start = 0;
  for (const { headerOffset, size: content } of entries) {
    const gathered = headerOffset - start;
    const isLarge = BLOCK + padded(content) > partSize;
    const isFull = gathered >= partSize || (isLarge && gathered >= MIN_PART);
    if (!isFull || size - headerOffset < MIN_PART) continue;
    starts.push(headerOffset);
    start = headerOffset;
  }
  const tasks: UploadTask[] = [];
  let number = 1;
  for (const [index, at] of starts.entries()) {
    const parts = cutParts({ start: at, end: starts[index + 1] ?? size }, partSize, number);
    tasks.push({ start: at, end: starts[index + 1] ?? size, parts });
    number += parts.length;
  }
  if (number - 1 > MAX_PARTS) throw tooMany(number - 1, size);
  return tasks;
}

/** Cuts a task into parts of equal size, in full blocks. */
function cutParts({ start, end }: Range, partSize: number, first: number): UploadPart[] {
  const blocks = (end - start) / BLOCK;
  const count = Math.max(1, Math.floor((end - start) / partSize));
  const boundary = (index: number) => start + Math.floor((blocks * index) / count) * BLOCK;
  return Array.from({ length: count }, (_, index) => ({
    number: first + index,
    start: boundary(index),
    end: boundary(index + 1),
  }));
}

function tooMany(parts: number, size: number): AirgapError {
  const least = partSizeFor(size);
  if (least > MAX_PART / 2)
    return new AirgapError(
      'UNSUPPORTED',
      `the bundle has ${formatBytes(size)}, more than an object can hold`,
      {
        hint: 'Write two bundles, each with some of the images.',
      },
    );
  return new AirgapError('USAGE', `the upload would have ${parts} parts, the limit is ${MAX_PARTS}`, {
    hint: `Use parts of at least ${formatBytes(least)}.`,
  });
}
