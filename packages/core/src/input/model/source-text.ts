import { readFile, stat } from 'node:fs/promises';
import { fileReadError } from '../../fs/file-read-error.ts';
import { AirgapError } from '../../model/errors.ts';

/** A text that somebody wrote, and the name to call it by. */
export interface SourceText {
  /** The path as the user gave it, or `<stdin>`. */
  readonly file: string;
  readonly text: string;
  /** The file begins with a byte order mark, which is not in the text. */
  readonly hasMark?: true;
  /** A program made the text from `file`, so that no line of it stands there. */
  readonly rendered?: true;
}

/** In bytes. What people write is a thousandth of it; what is larger is a bundle, named by mistake. */
const MAX_SIZE = 100e6;

/** The byte order mark of UTF-8. */
const MARK = [0xef, 0xbb, 0xbf];

/** Reads a file. @throws AirgapError `INPUT` */
export async function readSource(file: string): Promise<SourceText> {
  const bytes = await bytesOf(file).catch(cause => {
    throw cause instanceof AirgapError ? cause : unreadableSpec(file, cause);
  });
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { file, text, ...(MARK.every((byte, at) => bytes[at] === byte) ? { hasMark: true } : {}) };
  } catch (cause) {
    throw new AirgapError('INPUT', 'the file is not UTF-8 text', {
      where: { path: file },
      cause,
      hint: 'Name the specs, not a bundle; save them as UTF-8.',
    });
  }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const found = await stat(file);
  const { size } = found;
  if (found.isCharacterDevice() || found.isBlockDevice()) throw endless(file);
  if (size <= MAX_SIZE) return readFile(file);
  throw new AirgapError('INPUT', `the file is too large to be a spec: ${size} bytes`, {
    where: { path: file },
    hint: 'Name the specs, not a bundle; split what is larger than 100 MB.',
  });
}

function endless(path: string): AirgapError {
  return new AirgapError('INPUT', 'it is a device, which may have no end', {
    where: { path },
    hint: 'Name the specs themselves.',
  });
}

/** The error for a spec that the file system does not give. */
export function unreadableSpec(path: string, cause: unknown): AirgapError {
  return fileReadError('the spec', path, cause, 'Check the path; "-" reads from standard input.');
}

/** A text as it stands in its file, the byte order mark before it when there is one. */
export function withMark({ hasMark }: Pick<SourceText, 'hasMark'>, text: string): string {
  return hasMark ? `\uFEFF${text}` : text;
}
