import type { HostLimiter } from '../http/host-limiter.ts';
import { RetryableError, type RetryOptions, withRetries } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import type { Endpoint } from './endpoint.ts';

export type RunOptions = Pick<RetryOptions, 'progress' | 'priority'>;

interface AttemptsOptions {
  readonly endpoint: Endpoint;
  readonly limiter: HostLimiter;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** The attempts of requests to one host, and whether it is down. */
export class HostAttempts {
  /** Why the host counts as down; undefined while it does not. */
  failure: AirgapError | undefined;
  readonly #options: AttemptsOptions;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** See the method of the same name of `RegistryHost`. */
  async run<T>(attempt: () => Promise<T>, where: ErrorContext, options: RunOptions = {}): Promise<T> {
    const { endpoint, limiter, signal, onEvent } = this.#options;
    const { host, isMirror } = endpoint;
    let isTransient = false;
    let servedBefore: number | undefined;
    const watched = async () => {
      if (isMirror && this.failure) throw this.failure;
      servedBefore ??= limiter.served;
      try {
        return await attempt();
      } catch (thrown) {
        isTransient = thrown instanceof RetryableError;
        throw thrown;
      }
    };
    try {
      return await withRetries(watched, {
        host,
        limiter,
        signal,
        onEvent,
        hasFallback: isMirror,
        ...options,
      });
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      const isDown = isTransient ? limiter.served === servedBefore : error.code === 'NETWORK';
      if (isDown) this.failure ??= withoutRequest(error, host);
      throw error.withContext(where);
    }
  }
}

/** The error of a host without the image and the digest of the request that failed first. */
function withoutRequest({ code, message, hint, cause }: AirgapError, host: string): AirgapError {
  return new AirgapError(code, message, { where: { host }, ...(hint ? { hint } : {}), cause });
}
