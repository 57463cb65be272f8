import { AirgapError } from '../model/errors.ts';
import { systemErrorReason } from './system-error.ts';

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
  const reason = systemErrorReason(cause as NodeJS.ErrnoException);
  return new AirgapError('INPUT', `${what} cannot be read: ${reason}`, {
    where: { path },
    cause,
    hint,
  });
}
