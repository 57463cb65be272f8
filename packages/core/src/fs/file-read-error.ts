import { AirgapError } from '../model/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
};

/**
 * Makes the error for a file that cannot be read.
 *
 * @param what names the file's part in the work, for example `the spec`
 */
export function fileReadError(
  what: string,
  path: string,
  cause: unknown,
  hint = 'Check the path.',
): AirgapError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new AirgapError('INPUT', `${what} cannot be read: ${REASONS[code] ?? message}`, {
    where: { path },
    cause,
    hint,
  });
}
