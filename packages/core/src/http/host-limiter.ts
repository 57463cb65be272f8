import { setTimeout as sleep } from 'node:timers/promises';

/** The interval between requests to a host that throttles, in ms: initially, and at most. */
const FIRST_SPACING = 20;
const WIDEST_SPACING = 1000;
/** After slowing down, further throttling within this time concerns requests that were already in flight, in ms. */
const SETTLING = 1000;

/**
 * Limits the concurrent tasks of one host. When the host throttles, the limit is halved, requests are spaced out, and
 * none starts before the time that the host requires; every success raises the limit again, up to the maximum.
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

  /** @param max concurrent tasks without throttling */
  constructor(max: number) {
    this.#max = max;
    this.#allowed = max;
  }

  /** The current limit of concurrent tasks. */
  get allowed(): number {
    return Math.floor(this.#allowed);
  }

  /** The number of tasks that have succeeded. */
  get served(): number {
    return this.#served;
  }

  /** Runs a task once the limit allows. @param priority whether it goes before the tasks that are waiting */
  async run<T>(task: () => Promise<T>, priority = false): Promise<T> {
    if (this.#active >= this.allowed) await this.#turn(priority);
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

  /** Waits until the next request may be sent. Rejects when the signal is aborted. */
  async open(signal?: AbortSignal): Promise<void> {
    for (let wait = this.#opensAt - Date.now(); wait > 0; wait = this.#opensAt - Date.now())
      await sleep(wait, undefined, { signal });
    if (this.#spacing > 0) this.#opensAt = Date.now() + this.#spacing;
  }

  /** Reacts to throttling by the host. @param delay the time without requests, in ms */
  slowDown(delay: number): void {
    const now = Date.now();
    this.#opensAt = Math.max(this.#opensAt, now + delay);
    if (now - this.#slowedAt < SETTLING) return;
    this.#slowedAt = now;
    this.#allowed = Math.max(1, this.#allowed / 2);
    this.#spacing = Math.min(WIDEST_SPACING, Math.max(FIRST_SPACING, this.#spacing * 2));
  }

  #turn(priority: boolean): Promise<void> {
    return new Promise(resolve => {
      if (priority) this.#waiting.unshift(resolve);
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
