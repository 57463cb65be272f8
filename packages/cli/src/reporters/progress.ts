import type { AirgapEvent, Phase } from '@airgap/core';

/** A blob in transfer. Sizes are bytes. */
export interface Transfer {
  readonly digest: string;
  readonly size: number;
  readonly received: number;
  readonly image?: string | undefined;
}

/** The window of the rate in ms. It keeps the rate steady. */
const WINDOW = 5_000;

/** Sums up events: bytes done, rate and remaining time. */
export class Progress {
  readonly transfers = new Map<string, Transfer>();
  phase: Phase | undefined;
  /** Images resolved so far, and in total. */
  resolved = 0;
  names = 0;
  /** Planned bytes and blobs, and the bytes of finished blobs. */
  total = 0;
  blobs = 0;
  finished = 0;
  /** Bytes that need no download: of an interrupted build, and of local bundles. They are no part of the rate. */
  local = 0;
  /** The local bytes of blobs that are not in transfer yet, by digest. */
  readonly #waiting = new Map<string, number>();
  /** The digests of the blobs that are copied from a local bundle: all of their bytes count from the start. */
  readonly #reused = new Set<string>();
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  #started = 0;

  /** @param now returns the time in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(event: AirgapEvent): void {
    switch (event.type) {
      case 'phase':
        this.phase = event.phase;
        break;
      case 'resolved':
        this.resolved = event.done;
        this.names = event.total;
        break;
      case 'planned':
        this.total = event.bytes;
        this.blobs = event.blobs;
        this.#started = this.#now();
        this.#sample();
        break;
      case 'blob-resumed':
        this.local += event.received;
        this.#waiting.set(event.digest, event.received);
        break;
      case 'blob-reused':
        this.local += event.size - (this.#waiting.get(event.digest) ?? 0);
        this.#waiting.set(event.digest, event.size);
        this.#reused.add(event.digest);
        break;
      case 'blob-started':
        if (event.host !== undefined) this.#download(event);
        if (this.#reused.has(event.digest)) break;
        this.transfers.set(event.digest, { ...event, received: this.#waiting.get(event.digest) ?? 0 });
        this.#waiting.delete(event.digest);
        break;
      case 'blob-progress':
        if (this.#reused.has(event.digest)) break;
        this.#waiting.delete(event.digest);
        this.transfers.set(event.digest, { ...this.transfers.get(event.digest), ...event });
        break;
      case 'blob-finished':
        this.#reused.delete(event.digest);
        this.#waiting.delete(event.digest);
        this.transfers.delete(event.digest);
        this.finished += event.size;
        break;
    }
  }

  /** A local bundle may turn out not to have the blob. */
  #download({ digest, size }: { readonly digest: string; readonly size: number }): void {
    if (!this.#reused.delete(digest)) return;
    this.local -= size;
    this.#waiting.delete(digest);
  }

  /** Bytes that are there so far, the local ones included. */
  get moved(): number {
    let moved = this.finished;
    for (const { received } of this.transfers.values()) moved += received;
    for (const received of this.#waiting.values()) moved += received;
    return moved;
  }

  /** The completed fraction, from 0 to 1. */
  get fraction(): number {
    return this.total > 0 ? Math.min(1, this.moved / this.total) : 1;
  }

  /** Whether work was planned and all of it is finished. */
  get complete(): boolean {
    return this.total > 0 && this.finished >= this.total;
  }

  /** Milliseconds since the work was planned. */
  get elapsed(): number {
    return this.#now() - this.#started;
  }

  /** Bytes per second over the last few seconds. Each call takes a sample. */
  rate(): number {
    const { at, bytes } = this.#sample();
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
    const first = this.#samples[0] ?? { at, bytes };
    return at > first.at ? (Math.max(0, bytes - first.bytes) / (at - first.at)) * 1000 : 0;
  }

  /** Remaining time in ms at this rate; undefined while unknown. */
  remaining(rate: number): number | undefined {
    if (rate <= 0 || this.total <= 0) return undefined;
    return (Math.max(0, this.total - this.moved) / rate) * 1000;
  }

  #sample() {
    const sample = { at: this.#now(), bytes: this.moved - this.local };
    this.#samples.push(sample);
    return sample;
  }
}
