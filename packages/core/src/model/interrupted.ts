import { AirgapError } from './errors.ts';

/** Returns the `INTERRUPTED` error for a caller's aborted signal. */
export function interrupted(cause?: unknown): AirgapError {
  if (cause instanceof AirgapError && cause.code === 'INTERRUPTED') return cause;
  return new AirgapError('INTERRUPTED', 'interrupted', { cause });
}

/** Runs a verb. Whatever it throws after the caller's signal was aborted becomes `INTERRUPTED`. */
export async function interruptible<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw signal?.aborted ? interrupted(error) : error;
  }
}
