import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HostLimiter } from './host-limiter.ts';

/** Tasks that run until they are told to end. */
class Crowd {
  readonly started: number[] = [];
  readonly #ends = new Map<number, () => void>();
  readonly #gate: HostLimiter;

  constructor(gate: HostLimiter) {
    this.#gate = gate;
  }

  add(number: number, ahead = false): void {
    const task = () =>
      new Promise<void>(resolve => {
        this.started.push(number);
        this.#ends.set(number, resolve);
      });
    void this.#gate.run(task, ahead);
  }

  async end(number: number): Promise<void> {
    this.#ends.get(number)?.();
    await sleep(0);
  }
}

describe('a gate', () => {
  it('lets so many through, and the next as one leaves', async () => {
    const crowd = new Crowd(new HostLimiter(2));
    for (const number of [1, 2, 3, 4]) crowd.add(number);
    expect(crowd.started).toEqual([1, 2]);
    await crowd.end(2);
    expect(crowd.started).toEqual([1, 2, 3]);
  });

  it('lets those first who go ahead', async () => {
    const crowd = new Crowd(new HostLimiter(1));
    crowd.add(1);
    crowd.add(2);
    crowd.add(3, true);
    await crowd.end(1);
    expect(crowd.started).toEqual([1, 3]);
  });

  it('goes on when a task fails', async () => {
    const gate = new HostLimiter(1);
    const failing = gate.run(() => Promise.reject(new Error('no')));
    const next = gate.run(async () => 'next');
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('next');
  });

  it('halves once for complaints that come together, never below one, and recovers', async () => {
    const gate = new HostLimiter(8);
    gate.slowDown(0);
    gate.slowDown(0);
    expect(gate.allowed).toBe(4);
    for (let task = 0; task < 100; task += 1) await gate.run(async () => {});
    expect(gate.allowed).toBe(8);
    const narrow = new HostLimiter(1);
    narrow.slowDown(0);
    expect(narrow.allowed).toBe(1);
  });

  it('is closed to all for as long as the host asks', async () => {
    const gate = new HostLimiter(8);
    const started = Date.now();
    gate.slowDown(80);
    await gate.open();
    expect(Date.now() - started).toBeGreaterThanOrEqual(79);
  });

  it('stops waiting when it is aborted', async () => {
    const gate = new HostLimiter(8);
    gate.slowDown(60_000);
    await expect(gate.open(AbortSignal.timeout(10))).rejects.toThrow();
  });
});
