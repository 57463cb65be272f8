import { open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Digest } from '../oci/digest.ts';
import { FileAccess } from '../store/file-access.ts';
import { hashBytes } from '../store/hash-bytes.ts';
import { HashPool } from '../store/hash-pool.ts';
import { parsePartPath } from '../tar/parts.ts';
import type { Problem } from './problem.ts';

/** The limit of a file of checksums, in bytes: far more than that of 999 parts. */
const MAX_SIZE = 1024 * 1024;
/** A line of sha256sum. */
const LINE = /^(?<hex>[0-9a-f]{64}) [ *](?<name>[^/\0]+)$/;

/** A part that was verified alone. */
export interface VerifiedPart {
  /** In bytes. */
  readonly size: number;
  readonly problems: readonly Problem[];
}

/**
 * Verifies one part of a bundle against `BUNDLE.parts.sha256` beside it, so that one medium at a time can be checked.
 *
 * @returns undefined when the path is not that of a part, there are no checksums, or it is the first part and all others
 * are there: then the bundle itself can be verified
 * @throws AirgapError `INPUT` when the part cannot be read
 */
export async function verifyPart(
  path: string,
  signal: AbortSignal | undefined,
): Promise<VerifiedPart | undefined> {
  const named = parsePartPath(path);
  const sums = named && (await readSums(`${named.path}.parts.sha256`));
  if (named === undefined || sums === undefined) return undefined;
  const present = new Set(await readdir(dirname(path)));
  if (named.part === 0 && [...sums.keys()].every(name => present.has(name))) return undefined;
  await using file = await FileAccess.open(path, 'the part');
  await using hashPool = new HashPool(signal);
  const message = partProblem(basename(path), await hashBytes(file, hashPool), sums);
  return { size: file.size, problems: message === undefined ? [] : [{ message }] };
}

function partProblem(name: string, actual: Digest, sums: ReadonlyMap<string, Digest>): string | undefined {
  const expected = sums.get(name);
  if (expected === actual) return undefined;
  const other = [...sums].find(([, digest]) => digest === actual);
  if (other) return `${name} is ${other[0]}: rename it`;
  if (expected === undefined) return `${name} is not listed in the checksums of the parts`;
  return `${name}: digest mismatch: expected ${expected}, got ${actual}`;
}

/** The checksums by name; undefined without a file. Other lines do not count. */
async function readSums(path: string): Promise<Map<string, Digest> | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  const buffer = Buffer.alloc(MAX_SIZE);
  const { bytesRead } = await file.read(buffer, 0, MAX_SIZE, 0).finally(() => file.close());
  const sums = new Map<string, Digest>();
  for (const line of buffer.toString('utf8', 0, bytesRead).split(/\r?\n/)) {
    const groups = LINE.exec(line)?.groups;
    if (groups?.name !== undefined) sums.set(groups.name, `sha256:${groups.hex}` as Digest);
  }
  return sums;
}
