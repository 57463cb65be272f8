import { AirgapError } from './errors.ts';

/** Returns the `INTERRUPTED` error for a caller's aborted signal. */
export function interrupted(cause?: unknown): AirgapError {
  if (cause instanceof AirgapError && cause.code === 'INTERRUPTED') return cause;
  return new AirgapError('INTERRUPTED', 'interrupted', { cause });
}
