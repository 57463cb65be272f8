import { AirgapError } from './errors.ts';

/** The one error for a caller's aborted signal, whatever was under way. */
export function interrupted(cause?: unknown): AirgapError {
  if (cause instanceof AirgapError && cause.code === 'INTERRUPTED') return cause;
  return new AirgapError('INTERRUPTED', 'interrupted', { cause });
}
