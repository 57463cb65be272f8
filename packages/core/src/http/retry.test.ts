import { describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { HostLimiter } from './host-limiter.ts';
import { RetryableError, withRetries } from './retry.ts';

const error = new AirgapError('REGISTRY', 'busy');
const busy = new RetryableError(error, { delay: 1 });

/** Fails the first `times` attempts, and counts all. */
function failing(times: number, failure: Error = busy) {
  const task = { tries: 0, attempt: async () => {} };
  task.attempt = async () => {
    task.tries += 1;
    if (task.tries <= times) throw failure;
  };
  return task;
}

describe('withRetries', () => {
  it.each([
    ['succeeds when a busy host recovers', 5, 6],
    ['fails when it never recovers', 6, 6],
  ])('%s', async (_name, failures, tries) => {
    const task = failing(failures);
    const trying = withRetries(task.attempt, { host: 'a.io', limiter: new HostLimiter(1) });
    if (failures < tries) await trying;
    else await expect(trying).rejects.toBe(error);
    expect(task.tries).toBe(tries);
  });

  it('retries for as long as a busy host serves other requests', async () => {
    const limiter = new HostLimiter(2);
    const task = failing(20);
    const others = setInterval(() => void limiter.run(async () => {}), 1);
    await withRetries(task.attempt, { host: 'a.io', limiter });
    clearInterval(others);
    expect(task.tries).toBe(21);
  });

  it('lets other tasks run while it waits', async () => {
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

  it.each([
    ['is tried as often as the error says when it has served nothing', 0, 2],
    ['is tried as often as others when it has served a request', 1, 6],
  ])('a host that refuses connections %s', async (_name, served, tries) => {
    const limiter = new HostLimiter(1);
    for (let request = 0; request < served; request += 1) await limiter.run(async () => {});
    const task = failing(10, new RetryableError(error, { delay: 1 }, 2));
    await expect(withRetries(task.attempt, { host: 'a.io', limiter })).rejects.toBe(error);
    expect(task.tries).toBe(tries);
  });

  it.each([
    ['with progress', 64 * 1024, 13],
    ['with hardly any progress', 64 * 1024 - 1, 6],
  ])('counts attempts in a row: %s', async (_name, bytes, tries) => {
    const task = failing(12);
    const progress = () => task.tries * bytes;
    const trying = withRetries(task.attempt, { host: 'a.io', limiter: new HostLimiter(1), progress });
    await trying.catch(() => {});
    expect(task.tries).toBe(tries);
  });

  it('does not retry other errors', async () => {
    const task = failing(1, error);
    await expect(withRetries(task.attempt, { host: 'a.io', limiter: new HostLimiter(1) })).rejects.toBe(
      error,
    );
    expect(task.tries).toBe(1);
  });

  it('does not wait longer than 15 minutes, and does not delay other tasks', async () => {
    const limiter = new HostLimiter(1);
    const task = failing(1, new RetryableError(error, { delay: 86_400_000 }));
    await expect(withRetries(task.attempt, { host: 'a.io', limiter })).rejects.toThrow(
      '(retry after 1440 minutes)',
    );
    await limiter.open();
  });
});
