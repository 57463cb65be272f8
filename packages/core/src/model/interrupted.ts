import { AirgapError } from './errors.ts';

/** Returns the `INTERRUPTED` error for a caller's aborted signal, without what was in transfer by chance. */
export function interrupted(cause?: unknown): AirgapError {
  if (cause instanceof AirgapError && cause.code === 'INTERRUPTED') {
    const { message, hint } = cause;
    return new AirgapError('INTERRUPTED', message, hint === undefined ? {} : { hint });
  }
  return new AirgapError('INTERRUPTED', 'interrupted', { cause });
}

/**
 * Runs a verb. Whatever it throws after the caller's signal was aborted becomes `INTERRUPTED`.
 *
 * @param toError makes that error; it may say what is kept
 */
export async function interruptible<T>(
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
  toError: (cause: unknown) => AirgapError = interrupted,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw signal?.aborted ? toError(error) : error;
  }
}
