import type { Finding } from '../model/finding.ts';
import type { Digest } from '../oci/digest.ts';

/** The parts of a verb's work, in the order in which they come. */
export type Phase = 'read' | 'resolve' | 'move' | 'verify' | 'finish';

/** What a verb tells while it works. Sizes are bytes, times are milliseconds. */
export type AirgapEvent =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** The lint found something in the specs. */
  | { readonly type: 'finding'; readonly finding: Finding }
  /** One name is resolved: `done` of `total`. */
  | {
      readonly type: 'resolved';
      readonly image: string;
      readonly digest: Digest;
      readonly done: number;
      readonly total: number;
    }
  /** Everything about the work ahead is known: `bytes` is what `blob-progress` will add up to. */
  | {
      readonly type: 'planned';
      readonly images: number;
      readonly blobs: number;
      readonly bytes: number;
      readonly size: number;
    }
  | {
      readonly type: 'blob-started';
      readonly digest: Digest;
      readonly size: number;
      readonly image: string;
      readonly host?: string;
    }
  /** `received` counts from the blob's first byte, and may fall back when a broken transfer starts again. */
  | {
      readonly type: 'blob-progress';
      readonly digest: Digest;
      readonly received: number;
      readonly size: number;
    }
  | { readonly type: 'blob-finished'; readonly digest: Digest; readonly size: number }
  /** Something failed that may succeed: the next try comes after `delay`. */
  | {
      readonly type: 'retry';
      readonly host: string;
      readonly reason: string;
      readonly attempt: number;
      readonly delay: number;
    }
  /** A request to the served registry is over; `bytes` of its body went out, all of them when it is `complete`. */
  | {
      readonly type: 'served';
      readonly client: string;
      readonly method: string;
      /** Path and query, as they came. */
      readonly target: string;
      readonly status: number;
      readonly bytes: number;
      readonly complete: boolean;
      readonly elapsed: number;
    }
  /** Something the caller should know that is no error. */
  | { readonly type: 'notice'; readonly message: string };

/** Receives the events of one verb, in order. It must not throw. */
export type OnEvent = (event: AirgapEvent) => void;
