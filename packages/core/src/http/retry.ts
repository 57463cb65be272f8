import { setTimeout as sleep } from 'node:timers/promises';
import type { AirgapError } from '../errors.ts';
import type { OnEvent } from '../events.ts';

export interface RetryOptions {
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

const ATTEMPTS = 6;
const FIRST_DELAY = 250;
const LONGEST_DELAY = 30_000;

/** A failure that another try may mend; `delay` (ms) is what the server asked for. */
export class Transient extends Error {
  readonly error: AirgapError;
  readonly delay: number | undefined;

  constructor(error: AirgapError, delay?: number) {
    super(error.message);
    this.error = error;
    this.delay = delay;
  }
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed transiently {@link ATTEMPTS} times in a row without
 * progress. The pause doubles, with jitter, unless the server named one.
 *
 * @param progress a number that grows when an attempt got somewhere; then the count starts again
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { host, signal, onEvent }: RetryOptions,
  progress: () => number = () => 0,
): Promise<T> {
  let before = progress();
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (thrown) {
      signal?.throwIfAborted();
      if (!(thrown instanceof Transient)) throw thrown;
      if (progress() > before) failures = 1;
      before = progress();
      if (failures >= ATTEMPTS) throw thrown.error;
      const delay = thrown.delay ?? jittered(failures);
      onEvent?.({ type: 'retry', host, reason: thrown.error.message, attempt: failures, delay });
      await sleep(delay, undefined, { signal });
    }
  }
}

function jittered(failures: number): number {
  const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}
