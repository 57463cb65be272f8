import { describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { HostLimiter } from './host-limiter.ts';
import { RetryableError, withRetries } from './retry.ts';

const error = new AirgapError('REGISTRY', 'not now');
const busy = new RetryableError(error, { delay: 1 });

/** Fails so often, and counts how often it was tried. */
function failing(times: number, failure: Error = busy) {
  const task = { tries: 0, attempt: async () => {} };
  task.attempt = async () => {
    task.tries += 1;
    if (task.tries <= times) throw failure;
  };
  return task;
}

describe('an attempt', () => {
  it.each([
    ['succeeds when a busy host has time again', 5, 6],
    ['fails in the end when it never has', 6, 6],
  ])('%s', async (_name, failures, tries) => {
    const task = failing(failures);
    const trying = withRetries(task.attempt, { host: 'a.io', limiter: new HostLimiter(1) });
    if (failures < tries) await trying;
    else await expect(trying).rejects.toBe(error);
    expect(task.tries).toBe(tries);
  });

  it('is made again for as long as a busy host serves others', async () => {
    const limiter = new HostLimiter(2);
    const task = failing(20);
    const others = setInterval(() => void limiter.run(async () => {}), 1);
    await withRetries(task.attempt, { host: 'a.io', limiter });
    clearInterval(others);
    expect(task.tries).toBe(21);
  });

  it('leaves its place to another while it waits', async () => {
    const limiter = new HostLimiter(1);
    const order: string[] = [];
    const first = withRetries(
      async () => {
        order.push('first');
        if (order.length === 1) throw new RetryableError(error, { delay: 50 });
      },
      { host: 'a.io', limiter },
    );
    await Promise.all([first, limiter.run(async () => void order.push('second'))]);
    expect(order).toEqual(['first', 'second', 'first']);
  });

  it('is not made again for what is no passing failure', async () => {
    const task = failing(1, error);
    await expect(withRetries(task.attempt, { host: 'a.io', limiter: new HostLimiter(1) })).rejects.toBe(
      error,
    );
    expect(task.tries).toBe(1);
  });

  it('waits for nobody longer than a quarter of an hour, and closes the limiter to nobody', async () => {
    const limiter = new HostLimiter(1);
    const task = failing(1, new RetryableError(error, { delay: 86_400_000 }));
    await expect(withRetries(task.attempt, { host: 'a.io', limiter })).rejects.toThrow('wants 1440 minutes');
    await limiter.open();
  });
});
