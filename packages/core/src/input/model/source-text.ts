import { stat } from 'node:fs/promises';
import { fileReadError } from '../../fs/file-read-error.ts';
import { readBytes } from '../../fs/small-file.ts';
import { AirgapError } from '../../model/errors.ts';

/** The text of an input file and its name in messages. */
export interface SourceText {
  /** The path as given on the command line, or `<stdin>`. */
  readonly file: string;
  readonly text: string;
  /** The file begins with a byte order mark, which `text` does not contain. */
  readonly hasMark?: true;
  /** A program rendered the text from `file`: line numbers do not match the file. */
  readonly rendered?: true;
  /** Of a rendered text: the template that it was rendered from, which `file` contains. */
  readonly template?: string;
  /** The text is a Helm template that was not rendered: only its literal images are read, without parse errors. */
  readonly raw?: true;
}

/** In bytes. Real input is far smaller; a larger file is most likely a bundle passed by mistake. */
const MAX_SIZE = 100e6;

/** The byte order mark of UTF-8. */
const MARK = [0xef, 0xbb, 0xbf];

/** Reads an input file as UTF-8. @throws AirgapError `INPUT` */
export async function readSource(file: string): Promise<SourceText> {
  const bytes = await bytesOf(file).catch(cause => {
    throw cause instanceof AirgapError ? cause : inputReadError(file, cause);
  });
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { file, text, ...(MARK.every((byte, at) => bytes[at] === byte) ? { hasMark: true } : {}) };
  } catch (cause) {
    throw new AirgapError('INPUT', 'the file is not UTF-8 text', {
      where: { path: file },
      cause,
      hint: 'Pass input files, not a bundle, and save them as UTF-8.',
    });
  }
}

/**
 * Reads the start of a file in an unknown encoding: its ASCII characters are right, also those of UTF-16.
 *
 * @param limit in bytes
 * @throws file system errors
 */
export async function readAscii(file: string, limit: number): Promise<string> {
  const bytes = await readBytes(file, limit);
  return bytes.toString('latin1').replaceAll('\0', '');
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const stats = await stat(file);
  if (stats.isCharacterDevice() || stats.isBlockDevice()) throw deviceError(file);
  if (stats.size > MAX_SIZE) throw tooLarge(file, stats.size);
  const bytes = await readBytes(file, MAX_SIZE);
  if (bytes.length > MAX_SIZE) throw tooLarge(file, bytes.length);
  return bytes;
}

function tooLarge(path: string, size: number): AirgapError {
  return new AirgapError('INPUT', `the input file is too large: ${size} bytes (limit ${MAX_SIZE})`, {
    where: { path },
    hint: 'Pass input files, not a bundle, and split files larger than 100 MB.',
  });
}

function deviceError(path: string): AirgapError {
  return new AirgapError('INPUT', 'the input is a device, not a regular file', {
    where: { path },
    hint: 'Pass the input files themselves.',
  });
}

/** Makes the error for an input file or directory that cannot be read. */
export function inputReadError(path: string, cause: unknown): AirgapError {
  return fileReadError('the input', path, cause, 'Check the path; "-" reads from standard input.');
}

/** Returns the text with the byte order mark of its file, if the file has one. */
export function withMark({ hasMark }: Pick<SourceText, 'hasMark'>, text: string): string {
  return hasMark ? `\uFEFF${text}` : text;
}
