import type { ConnectionOptions } from '../../http/connections.ts';
import type { OnTimedEvent } from '../../store/events.ts';

/** How bundles on web servers and in object stores are reached. */
export interface ObjectOptions extends ConnectionOptions {
  /** Hosts without TLS. */
  readonly plainHttp?: readonly string[] | undefined;
  /** The maximum of concurrent requests per object; lower while the host throttles. Default 24. */
  readonly concurrency?: number | undefined;
  /** Report every request as an event. */
  readonly trace?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}
