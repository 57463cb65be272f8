import type { Finding } from '../model/finding.ts';
import type { Digest } from '../oci/digest.ts';

/**
 * The phases of a verb, in order: a build has `read`, `resolve`, `move` and `finish`; a load `read`, `query` (what the
 * target has), `move`, `check` (that it has everything), `tag`, and `check` again (that the tags are right); a
 * verification `verify`, and `decompress` when it compares diff IDs.
 */
export type Phase =
  | 'read'
  | 'resolve'
  | 'query'
  | 'move'
  | 'verify'
  | 'decompress'
  | 'tag'
  | 'check'
  | 'finish';

/** A progress event of a verb. Sizes are bytes, times are ms. */
export type AirgapEvent =
  | { readonly type: 'phase'; readonly phase: Phase; readonly host?: string }
  /** A step of the phase `query`, `tag`, `check` or `decompress` is done. */
  | { readonly type: 'step'; readonly done: number; readonly total: number }
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
      /** Registry host → the bytes that its images need, each blob once. */
      readonly hosts?: Readonly<Record<string, number>>;
    }
  /** An interrupted build has written `received` bytes of a blob. Comes before the first `blob-started`. */
  | {
      readonly type: 'blob-resumed';
      readonly digest: Digest;
      readonly received: number;
      readonly size: number;
      readonly image: string;
    }
  /**
   * A local bundle or an interrupted build of another plan has a blob: it is copied instead of downloaded. Comes before
   * the first `blob-started`.
   */
  | { readonly type: 'blob-reused'; readonly digest: Digest; readonly size: number; readonly image: string }
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
  /** With `trace`: a request was answered with `status`, or failed with `error`. Secrets in the URL are masked. */
  | {
      readonly type: 'request';
      readonly method: string;
      readonly url: string;
      readonly status?: number;
      readonly error?: string;
      /** Who sent it, and where the credentials come from; undefined without credentials. */
      readonly credentials?: string;
      readonly elapsed: number;
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
