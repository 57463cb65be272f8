import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';

/** The size limit of a checksums file, in bytes. */
export const MAX_CHECKSUMS_SIZE = 1024 * 1024;

/** The line of a file in a checksums file. */
export interface Checksum {
  /** A file name without a folder. */
  readonly name: string;
  readonly digest: Digest;
}

const LINE = /^(?<hex>[0-9a-f]{64}) {2}(?<name>[^\n]+)$/;

/**
 * Formats checksums as `sha256sum` does: 64 hex digits, two spaces, the name. There are no comments: busybox reports
 * them as improper lines.
 */
export function formatChecksums(checksums: readonly Checksum[]): string {
  return checksums.map(({ name, digest }) => `${digest.slice('sha256:'.length)}  ${name}\n`).join('');
}

/**
 * Parses checksums. Every line must have the only form that {@link formatChecksums} writes.
 *
 * @param path of the file, for errors
 * @throws AirgapError `CONTENT` with the position of the first invalid line
 */
export function parseChecksums(text: string, path: string): Checksum[] {
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n');
  const names = new Set<string>();
  return lines.map((line, index) => {
    const groups = LINE.exec(line)?.groups;
    const name = groups?.name ?? '';
    const fail = (column: number, reason: string) => invalidLine(path, index + 1, column, reason);
    if (!groups) throw fail(1, 'expected 64 lower-case hex digits, two spaces and a file name');
    const problem = nameProblem(name);
    if (problem) throw fail(67, `${JSON.stringify(name)} ${problem}`);
    if (names.has(name)) throw fail(67, `${JSON.stringify(name)} is listed twice`);
    names.add(name);
    return { name, digest: `sha256:${groups.hex}` as Digest };
  });
}

/** Returns why a name cannot be in a checksums file; undefined for a plain file name. */
export function nameProblem(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'is not a file name';
  if (/[/\\]/.test(name)) return 'is a path, not a file name';
  if (/\p{Cc}|\p{Cf}|[\u2028\u2029]/u.test(name)) return 'has a control character';
  return undefined;
}

function invalidLine(file: string, line: number, column: number, reason: string): AirgapError {
  return new AirgapError('CONTENT', `invalid checksums: ${reason}`, {
    where: { position: { file, line, column } },
    hint: 'Fetch the checksums again.',
  });
}
