import { setTimeout as sleep } from 'node:timers/promises';
import { AirgapError } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import type { HostLimiter } from './host-limiter.ts';

export interface RetryOptions {
  readonly host: string;
  readonly limiter: HostLimiter;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
  /** The number of bytes transferred for good; progress resets the number of attempts. */
  readonly progress?: (() => number) | undefined;
  /** Whether the first attempt goes before the tasks that are waiting, as every retry does. */
  readonly priority?: boolean | undefined;
  /** Whether another host is tried next, so that it is not worth waiting long for this one. */
  readonly hasFallback?: boolean | undefined;
}

const ATTEMPTS = 6;
/** The number of attempts when another host is tried next: they take about 3 seconds. */
const FALLBACK_ATTEMPTS = 4;
const MIN_DELAY = 250;
const MAX_DELAY = 30_000;
/** An attempt with less progress than this, in bytes, counts as none: slow trickles must not retry forever. */
const MIN_PROGRESS = 64 * 1024;
/** The longest wait that a server may require, in ms. */
const MAX_WAIT = 15 * 60_000;
/** The same for a host that has served nothing yet, when another host is tried next, in ms. */
const FALLBACK_MAX_WAIT = 5_000;

/** A server that limits the request rate. */
export interface Throttled {
  /** The wait that it requires, in ms; undefined when not given. */
  readonly delay: number | undefined;
}

/** A failure that may not occur again. */
export class RetryableError extends Error {
  readonly error: AirgapError;
  /** Set when the server throttles. */
  readonly throttled: Throttled | undefined;
  /** The number of attempts at a host that has served nothing yet; undefined for the default. */
  readonly attempts: number | undefined;

  constructor(error: AirgapError, throttled?: Throttled, attempts?: number) {
    super(error.message);
    this.error = error;
    this.throttled = throttled;
    this.attempts = attempts;
  }
}

/**
 * Runs `attempt` until it succeeds, fails with another error, or has failed with a RetryableError {@link ATTEMPTS}
 * times in a row without progress ({@link FALLBACK_ATTEMPTS} times when another host is tried next). Each attempt waits for the limiter. The delay doubles, with jitter, unless the
 * server requires one. Throttling delays all requests to the host; while the host serves other requests, throttled
 * attempts do not count.
 *
 * @throws the error of the last attempt; the reason of the signal
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { host, limiter, signal, onEvent, progress = () => 0, priority = false } = options;
  let before = progress();
  let servedBefore = limiter.served;
  for (let failures = 1; ; failures += 1) {
    const pause = jittered(failures);
    try {
      return await limiter.run(() => attemptOnce(attempt, pause, options), priority || failures > 1);
    } catch (thrown) {
      signal?.throwIfAborted();
      if (!(thrown instanceof RetryableError)) throw thrown;
      const isBusy = thrown.throttled !== undefined && limiter.served > servedBefore;
      if (isBusy || progress() >= before + MIN_PROGRESS) failures = 1;
      // Transferring lost bytes again is not progress.
      before = Math.max(before, progress());
      servedBefore = limiter.served;
      if (failures >= attemptsFor(thrown, options)) throw thrown.error;
      const delay = thrown.throttled?.delay ?? pause;
      if (delay > maxWait(options)) throw tooLong(thrown.error, delay);
      onEvent?.({ type: 'retry', host, reason: thrown.error.message, attempt: failures, delay });
      await sleep(delay, undefined, { signal });
    }
  }
}

/** A host that has served requests may be restarting. */
function attemptsFor(
  { attempts = ATTEMPTS }: RetryableError,
  { limiter, hasFallback = false }: RetryOptions,
): number {
  const limit = hasFallback ? FALLBACK_ATTEMPTS : ATTEMPTS;
  return limiter.served > 0 ? limit : Math.min(limit, attempts);
}

/** A host that has served requests is waited for as long as it requires. */
function maxWait({ limiter, hasFallback = false }: RetryOptions): number {
  return hasFallback && limiter.served === 0 ? FALLBACK_MAX_WAIT : MAX_WAIT;
}

/** Slows the limiter down before the next attempt starts: for a host that throttles, or one that serves nothing. */
async function attemptOnce<T>(attempt: () => Promise<T>, pause: number, options: RetryOptions): Promise<T> {
  const { limiter, hasFallback = false } = options;
  const servedBefore = limiter.served;
  try {
    return await attempt();
  } catch (thrown) {
    if (!(thrown instanceof RetryableError)) throw thrown;
    // Other requests need not fail while this one shows whether the host is down.
    const servesNothing = hasFallback && limiter.served === servedBefore;
    const delay = thrown.throttled?.delay ?? (thrown.throttled || servesNothing ? pause : undefined);
    if (delay !== undefined && delay <= maxWait(options)) limiter.slowDown(delay);
    throw thrown;
  }
}

function tooLong({ code, message, where }: AirgapError, delay: number): AirgapError {
  const time =
    delay < 120_000 ? `${Math.ceil(delay / 1000)} seconds` : `${Math.ceil(delay / 60_000)} minutes`;
  return new AirgapError(code, `${message} (retry after ${time})`, {
    where,
    hint: 'Try again after that time, or use credentials with a higher rate limit.',
  });
}

function jittered(failures: number): number {
  const ceiling = Math.min(MAX_DELAY, MIN_DELAY * 2 ** failures);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}
