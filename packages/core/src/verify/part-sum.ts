import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Digest } from '../oci/digest.ts';
import { FileAccess } from '../store/file-access.ts';
import { hashBytes } from '../store/hash-bytes.ts';
import { HashPool } from '../store/hash-pool.ts';
import { parsePartPath, partSums } from '../tar/parts.ts';
import type { Problem } from './problem.ts';

/** The limit of a file of checksums, in bytes: far more than that of 999 parts. */
const MAX_SIZE = 1024 * 1024;
/** A line of sha256sum. */
const LINE = /^(?<hex>[0-9a-f]{64}) [ *](?<name>[^/\0]+)$/;

/** The checksums of the parts. */
interface PartSums {
  readonly path: string;
  readonly bytes: Buffer;
}

/** A part that was verified alone. */
export interface VerifiedPart {
  /** The path of the checksums. */
  readonly checksums: string;
  /** In bytes. */
  readonly size: number;
  readonly problems: readonly Problem[];
}

/**
 * Verifies one part of a bundle against `BUNDLE.parts.sha256` beside it, so that one medium at a time can be checked.
 *
 * @param check may refuse the checksums before they are used: their signature
 * @returns undefined when the path is not that of a part, there are no checksums, or it is the first part and all others
 * are there: then the bundle itself can be verified
 * @throws AirgapError `INPUT` when the part cannot be read
 */
export async function verifyPart(
  path: string,
  signal: AbortSignal | undefined,
  check: (sums: PartSums) => Promise<void>,
): Promise<VerifiedPart | undefined> {
  const named = parsePartPath(path);
  const file = named && (await readSums(partSums(named.path)));
  if (named === undefined || file === undefined) return undefined;
  const sums = parseSums(file);
  const present = new Set(await readdir(dirname(path)));
  if (named.part === 0 && [...sums.keys()].every(name => present.has(name))) return undefined;
  await check(file);
  await using part = await FileAccess.open(path, 'the part');
  await using hashPool = new HashPool(signal);
  const message = partProblem(basename(path), await hashBytes(part, hashPool), sums);
  return { checksums: file.path, size: part.size, problems: message === undefined ? [] : [{ message }] };
}

/**
 * Compares every part of a damaged bundle with `BUNDLE.parts.sha256` beside it: inside of a layer, only the checksums say
 * which part is damaged or has the name of another.
 *
 * @param path of the bundle or its first part
 * @returns no problems without checksums
 */
export async function findDamagedParts(path: string, signal: AbortSignal | undefined): Promise<Problem[]> {
  const file = await readSums(partSums(parsePartPath(path)?.path ?? path));
  if (file === undefined) return [];
  const sums = parseSums(file);
  const problems: Problem[] = [];
  await using hashPool = new HashPool(signal);
  for (const name of sums.keys()) {
    if (parsePartPath(name) === undefined) continue;
    await using part = await FileAccess.open(join(dirname(path), name), 'the part');
    const message = partProblem(name, await hashBytes(part, hashPool), sums);
    if (message !== undefined) problems.push({ message });
  }
  return problems;
}

function partProblem(name: string, actual: Digest, sums: ReadonlyMap<string, Digest>): string | undefined {
  const expected = sums.get(name);
  if (expected === actual) return undefined;
  const other = [...sums].find(([, digest]) => digest === actual);
  if (other) return `${name} is ${other[0]}: rename it`;
  if (expected === undefined) return `${name} is not listed in the checksums of the parts`;
  return `${name}: digest mismatch: expected ${expected}, got ${actual}`;
}

/** Reads the checksums; undefined without a file. */
async function readSums(path: string): Promise<PartSums | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  const buffer = Buffer.alloc(MAX_SIZE);
  const { bytesRead } = await file.read(buffer, 0, MAX_SIZE, 0).finally(() => file.close());
  return { path, bytes: buffer.subarray(0, bytesRead) };
}

/** The checksums by name. Other lines do not count. */
function parseSums({ bytes }: PartSums): Map<string, Digest> {
  const sums = new Map<string, Digest>();
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    const groups = LINE.exec(line)?.groups;
    if (groups?.name !== undefined) sums.set(groups.name, `sha256:${groups.hex}` as Digest);
  }
  return sums;
}
