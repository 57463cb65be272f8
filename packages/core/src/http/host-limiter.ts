import { setTimeout as sleep } from 'node:timers/promises';

/** Between two requests to a host that complained, in ms: at first, and at most. */
const FIRST_SPACING = 20;
const WIDEST_SPACING = 1000;
/** How long after slowing down further complaints are about the requests that were under way, in ms. */
const SETTLING = 1000;

/**
 * Lets so many tasks at once through to one host. A host that complains gets half as many, their requests one after
 * another with pauses between, and nobody asks before the time it names; every success lets a little more through
 * again, up to the most.
 */
export class HostLimiter {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #allowed: number;
  #active = 0;
  #opensAt = 0;
  #spacing = 0;
  #slowedAt = Number.NEGATIVE_INFINITY;
  #served = 0;

  /** @param most requests at once when all goes well */
  constructor(most: number) {
    this.#max = most;
    this.#allowed = most;
  }

  /** Requests that may be under way at once now. */
  get allowed(): number {
    return Math.floor(this.#allowed);
  }

  /** Tasks that have succeeded so far. */
  get served(): number {
    return this.#served;
  }

  /** Runs a task once there is room. @param ahead of all that wait already */
  async run<T>(task: () => Promise<T>, ahead = false): Promise<T> {
    if (this.#active >= this.allowed) await this.#turn(ahead);
    else this.#active += 1;
    try {
      const result = await task();
      this.#served += 1;
      this.#allowed = Math.min(this.#max, this.#allowed + 1 / this.#allowed);
      this.#spacing = this.#spacing < FIRST_SPACING / 4 ? 0 : this.#spacing * 0.9;
      return result;
    } finally {
      this.#active -= 1;
      this.#admit();
    }
  }

  /** Waits until the host may be asked: before each request. Rejects when the signal is aborted. */
  async open(signal?: AbortSignal): Promise<void> {
    for (let wait = this.#opensAt - Date.now(); wait > 0; wait = this.#opensAt - Date.now())
      await sleep(wait, undefined, { signal });
    if (this.#spacing > 0) this.#opensAt = Date.now() + this.#spacing;
  }

  /** The host complained. @param delay ms in which nobody is to ask */
  slowDown(delay: number): void {
    const now = Date.now();
    this.#opensAt = Math.max(this.#opensAt, now + delay);
    if (now - this.#slowedAt < SETTLING) return;
    this.#slowedAt = now;
    this.#allowed = Math.max(1, this.#allowed / 2);
    this.#spacing = Math.min(WIDEST_SPACING, Math.max(FIRST_SPACING, this.#spacing * 2));
  }

  #turn(ahead: boolean): Promise<void> {
    return new Promise(resolve => {
      if (ahead) this.#waiting.unshift(resolve);
      else this.#waiting.push(resolve);
    });
  }

  #admit(): void {
    while (this.#active < this.allowed && this.#waiting.length > 0) {
      this.#active += 1;
      this.#waiting.shift()?.();
    }
  }
}
