import type { Finding } from '../model/finding.ts';
import type { Digest } from '../oci/digest.ts';

/** The phases of a verb, in order. */
export type Phase = 'read' | 'resolve' | 'move' | 'verify' | 'finish';

/** A progress event of a verb. Sizes are bytes, times are ms. */
export type AirgapEvent =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** The lint reports a finding in the specs. */
  | { readonly type: 'finding'; readonly finding: Finding }
  /** A name is resolved: `done` of `total`. */
  | {
      readonly type: 'resolved';
      readonly image: string;
      readonly digest: Digest;
      readonly done: number;
      readonly total: number;
    }
  /** The plan is complete: `blob-progress` will add up to `bytes`. */
  | {
      readonly type: 'planned';
      readonly images: number;
      readonly blobs: number;
      readonly bytes: number;
      readonly size: number;
    }
  /** An interrupted build has written `received` bytes of a blob. Comes before the first `blob-started`. */
  | {
      readonly type: 'blob-resumed';
      readonly digest: Digest;
      readonly received: number;
      readonly size: number;
    }
  /**
   * A local bundle or an interrupted build of another plan has a blob: it is copied instead of downloaded. Comes before
   * the first `blob-started`.
   */
  | { readonly type: 'blob-reused'; readonly digest: Digest; readonly size: number }
  /** The first bytes of a blob, and again when another source takes over. `host` is that of a registry that sends it. */
  | {
      readonly type: 'blob-started';
      readonly digest: Digest;
      readonly size: number;
      readonly image: string;
      readonly host?: string;
    }
  /** `received` counts from the first byte of the blob, and may decrease when a failed transfer restarts. */
  | {
      readonly type: 'blob-progress';
      readonly digest: Digest;
      readonly received: number;
      readonly size: number;
    }
  | { readonly type: 'blob-finished'; readonly digest: Digest; readonly size: number }
  /** A request failed and is retried after `delay`. */
  | {
      readonly type: 'retry';
      readonly host: string;
      readonly reason: string;
      readonly attempt: number;
      readonly delay: number;
    }
  /** The served registry answered a request: it sent `bytes` of the body, all of them if `complete`. */
  | {
      readonly type: 'served';
      readonly client: string;
      readonly method: string;
      /** Path and query, as received. */
      readonly target: string;
      readonly status: number;
      readonly bytes: number;
      readonly complete: boolean;
      readonly elapsed: number;
    }
  /** A message for the user that is not an error. */
  | { readonly type: 'notice'; readonly message: string };

/** An event with the time at which a verb reported it, in ms since the Unix epoch. */
export type TimedEvent = AirgapEvent & { readonly time: number };

/** Receives the events of a verb, in order. It must not throw. */
export type OnTimedEvent = (event: TimedEvent) => void;

/** Reports an event. */
export type OnEvent = (event: AirgapEvent) => void;

/** Reports to a caller's listener, with the time of each event. */
export function withTime(listener: OnTimedEvent): OnEvent;
export function withTime(listener: OnTimedEvent | undefined): OnEvent | undefined;
export function withTime(listener: OnTimedEvent | undefined): OnEvent | undefined {
  return listener && (event => listener({ time: Date.now(), ...event }));
}
