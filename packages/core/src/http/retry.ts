import { setTimeout as sleep } from 'node:timers/promises';
import { AirgapError, isInterrupted } from '../errors.ts';
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

/** Turns what undici threw into our error; a broken connection is worth another try, a refused certificate is not. */
export function connectionError(thrown: unknown, host: string): unknown {
  if (thrown instanceof AirgapError || thrown instanceof Transient || isInterrupted(thrown)) return thrown;
  const cause = thrown as NodeJS.ErrnoException;
  const reason = cause.code ?? cause.message;
  if (isCertificateError(cause)) {
    return new AirgapError('NETWORK', `the TLS certificate of ${host} is not trusted: ${cause.message}`, {
      where: { host },
      cause,
      hint: `Give the certificate authority with --ca ${host}=FILE, or use --insecure ${host} where that is acceptable.`,
    });
  }
  const error = new AirgapError('NETWORK', `the connection to ${host} failed: ${reason}`, {
    where: { host },
    cause,
    hint: 'Check the host name, the network and the proxy settings; for a registry without TLS use --plain-http HOST.',
  });
  return new Transient(error);
}

function isCertificateError({ code = '' }: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|EPROTO|ERR_SSL/.test(code);
}

function jittered(failures: number): number {
  const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}
