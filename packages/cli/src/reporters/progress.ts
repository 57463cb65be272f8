import type { AirgapEvent, Phase } from '@airgap/core';

/** A blob on its way. Sizes are bytes. */
export interface Flight {
  readonly digest: string;
  readonly size: number;
  readonly received: number;
  readonly image?: string | undefined;
}

/** Milliseconds over which the rate is taken, so that it does not flicker. */
const WINDOW = 5_000;

/** Adds events up to what a person wants to know: how far, how fast, how long still. */
export class Progress {
  readonly flights = new Map<string, Flight>();
  phase: Phase | undefined;
  /** Images resolved, of how many. */
  resolved = 0;
  names = 0;
  /** Bytes and blobs of the work ahead, and the bytes that are done with. */
  total = 0;
  blobs = 0;
  finished = 0;
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  #started = 0;

  /** @param now the time in ms */
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
      case 'blob-started':
        this.flights.set(event.digest, { ...event, received: 0 });
        break;
      case 'blob-progress':
        this.flights.set(event.digest, { ...this.flights.get(event.digest), ...event });
        break;
      case 'blob-finished':
        this.flights.delete(event.digest);
        this.finished += event.size;
        break;
    }
  }

  /** Bytes so far. */
  get moved(): number {
    let moved = this.finished;
    for (const { received } of this.flights.values()) moved += received;
    return moved;
  }

  /** From 0 to 1. */
  get share(): number {
    return this.total > 0 ? Math.min(1, this.moved / this.total) : 1;
  }

  /** Whether there was something to move, and all of it has been. */
  get complete(): boolean {
    return this.total > 0 && this.finished >= this.total;
  }

  /** Milliseconds since everything about the work was known. */
  get elapsed(): number {
    return this.#now() - this.#started;
  }

  /** Bytes a second over the last few seconds; call it regularly. */
  rate(): number {
    const { at, bytes } = this.#sample();
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
    const first = this.#samples[0] ?? { at, bytes };
    return at > first.at ? (Math.max(0, bytes - first.bytes) / (at - first.at)) * 1000 : 0;
  }

  /** Time left in ms at this rate; nothing while it is not known. */
  remaining(rate: number): number | undefined {
    if (rate <= 0 || this.total <= 0) return undefined;
    return (Math.max(0, this.total - this.moved) / rate) * 1000;
  }

  #sample() {
    const sample = { at: this.#now(), bytes: this.moved };
    this.#samples.push(sample);
    return sample;
  }
}
