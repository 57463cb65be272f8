import { AirgapError } from '@airgap/core';

/** What has happened to stdout and stderr while the program ran. */
export interface Output {
  /** Whoever read stdout has gone. */
  readonly abandoned: boolean;
  /** Why stdout could not be written. */
  readonly failure: AirgapError | undefined;
}

/**
 * Watches the standard streams: a reader that leaves (`airgap … | head -1`) is no failure to talk about, a full disk
 * behind a redirection is. Both stop the work.
 */
export function watchOutput(stop: (reason: AirgapError) => void): Output {
  const output: { abandoned: boolean; failure: AirgapError | undefined } = {
    abandoned: false,
    failure: undefined,
  };
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') {
      output.abandoned = true;
      stop(new AirgapError('INTERRUPTED', 'nobody reads the output any more'));
    } else {
      output.failure ??= outputError(cause);
      stop(output.failure);
    }
  });
  // There is nobody left to tell.
  process.stderr.on('error', () => {});
  return output;
}

function outputError(cause: Error): AirgapError {
  return new AirgapError('DISK', `standard output cannot be written: ${cause.message}`, {
    hint: 'Make room where the output goes, and run it again.',
    cause,
  });
}
