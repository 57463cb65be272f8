import { setTimeout as sleep } from 'node:timers/promises';
import { AirgapError } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import type { HostLimiter } from './host-limiter.ts';

export interface RetryOptions {
  readonly host: string;
  readonly limiter: HostLimiter;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
  /** The bytes that are through for good; when there are more, the count starts again. */
  readonly progress?: (() => number) | undefined;
  /** Whether it goes before all that wait at the gate already, as every further attempt does. */
  readonly priority?: boolean | undefined;
}

const ATTEMPTS = 6;
const FIRST_DELAY = 250;
const LONGEST_DELAY = 30_000;
/** An attempt that got less far than this, in bytes, got nowhere: a trickle must end some day. */
const MIN_PROGRESS = 64 * 1024;
/** The longest that a server may make anybody wait. */
const LONGEST_WAIT = 15 * 60_000;

/** What the server asks of everybody, besides trying again. */
export interface Throttled {
  /** ms that it wants to be left alone, when it says so. */
  readonly delay: number | undefined;
}

/** A failure that another try may mend. */
export class RetryableError extends Error {
  readonly error: AirgapError;
  /** Set when the server has too much to do. */
  readonly throttled: Throttled | undefined;

  constructor(error: AirgapError, complaint?: Throttled) {
    super(error.message);
    this.error = error;
    this.throttled = complaint;
  }
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed transiently {@link ATTEMPTS} times in a row without
 * progress. Each attempt goes through the gate by itself. The pause doubles, with jitter, unless the server named one;
 * a server that complains gets a pause from everybody, and while it serves others it is taken to be busy, not broken.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { host, limiter, signal, onEvent, progress = () => 0, priority = false } = options;
  let [before, servedBefore] = [progress(), limiter.served];
  for (let failures = 1; ; failures += 1) {
    const pause = jittered(failures);
    try {
      return await limiter.run(() => attemptOnce(attempt, pause, options), priority || failures > 1);
    } catch (thrown) {
      signal?.throwIfAborted();
      if (!(thrown instanceof RetryableError)) throw thrown;
      const isBusy = thrown.throttled !== undefined && limiter.served > servedBefore;
      if (isBusy || progress() >= before + MIN_PROGRESS) failures = 1;
      // What was lost and came again is no progress.
      [before, servedBefore] = [Math.max(before, progress()), limiter.served];
      if (failures >= ATTEMPTS) throw thrown.error;
      const delay = thrown.throttled?.delay ?? pause;
      if (delay > LONGEST_WAIT) throw tooLong(thrown.error, delay);
      onEvent?.({ type: 'retry', host, reason: thrown.error.message, attempt: failures, delay });
      await sleep(delay, undefined, { signal });
    }
  }
}

/** A complaint closes the gate before the next attempt comes through. */
async function attemptOnce<T>(
  attempt: () => Promise<T>,
  pause: number,
  { limiter }: RetryOptions,
): Promise<T> {
  try {
    return await attempt();
  } catch (thrown) {
    const complaint = thrown instanceof RetryableError ? thrown.throttled : undefined;
    const delay = complaint && (complaint.delay ?? pause);
    if (delay !== undefined && delay <= LONGEST_WAIT) limiter.slowDown(delay);
    throw thrown;
  }
}

function tooLong({ code, message, where }: AirgapError, delay: number): AirgapError {
  return new AirgapError(
    code,
    `${message}, and wants ${Math.ceil(delay / 60_000)} minutes before the next try`,
    {
      where,
      hint: 'Try again then, or with credentials that the registry allows more.',
    },
  );
}

function jittered(failures: number): number {
  const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}
