import { AirgapError } from '../model/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'a component of the path is not a directory',
};

/**
 * Returns the `INPUT` error for a file that cannot be read.
 *
 * @param what names the file for the user, for example `the spec`
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
