import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HostLimiter } from './host-limiter.ts';

/** Tasks that run until `end` is called. */
class Tasks {
  readonly started: number[] = [];
  readonly #ends = new Map<number, () => void>();
  readonly #limiter: HostLimiter;

  constructor(limiter: HostLimiter) {
    this.#limiter = limiter;
  }

  add(number: number, priority = false): void {
    const task = () =>
      new Promise<void>(resolve => {
        this.started.push(number);
        this.#ends.set(number, resolve);
      });
    void this.#limiter.run(task, priority);
  }

  async end(number: number): Promise<void> {
    this.#ends.get(number)?.();
    await sleep(0);
  }
}

describe('HostLimiter', () => {
  it('runs up to the limit, and the next when one ends', async () => {
    const tasks = new Tasks(new HostLimiter(2));
    for (const number of [1, 2, 3, 4]) tasks.add(number);
    expect(tasks.started).toEqual([1, 2]);
    await tasks.end(2);
    expect(tasks.started).toEqual([1, 2, 3]);
  });

  it('runs tasks with priority first', async () => {
    const tasks = new Tasks(new HostLimiter(1));
    tasks.add(1);
    tasks.add(2);
    tasks.add(3, true);
    await tasks.end(1);
    expect(tasks.started).toEqual([1, 3]);
  });

  it('runs the next task after a failure', async () => {
    const limiter = new HostLimiter(1);
    const failing = limiter.run(() => Promise.reject(new Error('no')));
    const next = limiter.run(async () => 'next');
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('next');
  });

  it('halves once for simultaneous throttling, never below one, and recovers', async () => {
    const limiter = new HostLimiter(8);
    limiter.slowDown(0);
    limiter.slowDown(0);
    expect(limiter.allowed).toBe(4);
    for (let task = 0; task < 100; task += 1) await limiter.run(async () => {});
    expect(limiter.allowed).toBe(8);
    const narrow = new HostLimiter(1);
    narrow.slowDown(0);
    expect(narrow.allowed).toBe(1);
  });

  it('delays requests for as long as the host requires', async () => {
    const limiter = new HostLimiter(8);
    const started = Date.now();
    limiter.slowDown(80);
    await limiter.open();
    expect(Date.now() - started).toBeGreaterThanOrEqual(79);
  });

  it('stops waiting when the signal is aborted', async () => {
    const limiter = new HostLimiter(8);
    limiter.slowDown(60_000);
    await expect(limiter.open(AbortSignal.timeout(10))).rejects.toThrow();
  });
});
