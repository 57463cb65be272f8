import { AirgapError } from '@airgap/core';
import { writeCompletely } from './file-output.ts';

/** The state of the standard streams while the program runs. */
export interface Output {
  /** The reader closed stdout. */
  readonly closed: boolean;
  /** Why writing to stdout failed. */
  readonly failure: AirgapError | undefined;
}

/**
 * Watches the standard streams. A reader that closes the pipe (`airgap … | head -1`) is not reported as an error; a
 * full disk behind a redirection is. Both stop the work.
 */
export function watchOutput(stop: (reason: AirgapError) => void): Output {
  const output: { closed: boolean; failure: AirgapError | undefined } = {
    closed: false,
    failure: undefined,
  };
  writeCompletely(process.stdout);
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') {
      output.closed = true;
      stop(new AirgapError('INTERRUPTED', 'standard output was closed by the reader'));
    } else {
      output.failure ??= outputError(cause);
      stop(output.failure);
    }
  });
  // Errors on stderr cannot be reported.
  process.stderr.on('error', () => {});
  return output;
}

function outputError(cause: Error): AirgapError {
  return new AirgapError('DISK', `cannot write to standard output: ${cause.message}`, {
    hint: 'Free disk space for the output and run the command again.',
    cause,
  });
}
