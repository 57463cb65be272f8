import type { AirgapEvent } from '@airgap/core';

/** A blob on its way. Sizes are bytes. */
export interface Flight {
  readonly digest: string;
  readonly size: number;
  received: number;
}

/** Seconds over which the rate is taken. */
const WINDOW = 5;

/** Adds events up to what a person wants to know: how far, how fast, how long still. */
export class Progress {
  readonly flights = new Map<string, Flight>();
  total = 0;
  finished = 0;
  resolved = 0;
  names = 0;
  phase = '';
  readonly #now: () => number;
  readonly #samples: { at: number; bytes: number }[] = [];

  /** @param now the time in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(event: AirgapEvent): void {
    if (event.type === 'phase') this.phase = event.phase;
    if (event.type === 'planned') this.total = event.bytes;
    if (event.type === 'resolved') {
      this.resolved = event.done;
      this.names = event.total;
    }
    if (event.type === 'blob-progress') {
      const { digest, size, received } = event;
      this.flights.set(digest, { digest, size, received });
    }
    if (event.type === 'blob-finished') {
      this.flights.delete(event.digest);
      this.finished += event.size;
    }
  }

  /** Bytes so far. */
  get moved(): number {
    let moved = this.finished;
    for (const { received } of this.flights.values()) moved += received;
    return moved;
  }

  /** Bytes a second over the last few seconds; call it regularly. */
  rate(): number {
    const at = this.#now();
    this.#samples.push({ at, bytes: this.moved });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW * 1000)
      this.#samples.shift();
    const [first] = this.#samples;
    const seconds = (at - (first?.at ?? at)) / 1000;
    return seconds > 0 ? Math.max(0, (this.moved - (first?.bytes ?? 0)) / seconds) : 0;
  }

  /** Time left in ms at this rate; nothing while it is not known. */
  remaining(rate: number): number | undefined {
    return rate > 0 && this.total > 0 ? ((this.total - this.moved) / rate) * 1000 : undefined;
  }
}
