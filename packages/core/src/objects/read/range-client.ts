import type { ResponseHead } from '../../http/round-trip.ts';
import type { ErrorContext } from '../../model/errors.ts';
import type { Sink } from '../../store/blob-writer.ts';
import type { OnEvent } from '../../store/events.ts';
import type { Range } from '../../store/ranges.ts';

/** How an attempt is run. */
export interface AttemptOptions {
  /** The number of bytes received for good; progress resets the number of attempts. */
  readonly progress: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** A request for a part of an object. */
export interface RangeRequest {
  readonly range: Range;
  /** The entity tag that the object must still have. */
  readonly etag?: string | undefined;
  /** Whether a range of the object was received before; for errors. */
  readonly hasStarted: boolean;
}

/**
 * Sends a request once.
 *
 * @param accept checks the head of a 206, and returns the sink for its body
 * @throws RetryableError or AirgapError for every other response
 */
export type GetRange = (request: RangeRequest, accept: (head: ResponseHead) => Sink) => Promise<void>;

/** Sends requests for ranges of one object: over HTTP, or with the API of S3. */
export interface RangeClient extends AsyncDisposable {
  /** The URL without secrets, for errors. */
  readonly location: string;
  readonly where: ErrorContext;
  readonly onEvent: OnEvent | undefined;
  /** Runs an attempt within the limits of the host, with retries. */
  run(attempt: (get: GetRange) => Promise<void>, options: AttemptOptions): Promise<void>;
}
