import { describe, expect, it } from 'vitest';
import { AirgapError, formatWhere, isInterrupted } from './errors.ts';
import { interruptible } from './interrupted.ts';
import { runAll } from './run-all.ts';

const error = new AirgapError('CONTENT', 'wrong', { where: { host: 'a.test' }, hint: 'Retry.' });

describe('an error', () => {
  it('keeps the context that it has', () =>
    expect(error.withContext({ host: 'b.test', image: 'x:1' })).toMatchObject({
      code: 'CONTENT',
      message: 'wrong',
      hint: 'Retry.',
      where: { host: 'a.test', image: 'x:1' },
    }));

  it('has its notes in parentheses', () => expect(error.withNote('b: bad').message).toBe('wrong (b: bad)'));

  it('is itself when it is the only one, and else a summary with all', () => {
    expect(AirgapError.all([error], 'two errors')).toBe(error);
    expect(AirgapError.all([error, error], 'two errors')).toMatchObject({
      code: 'CONTENT',
      message: 'two errors',
      details: [error, error],
    });
  });

  it.each([
    [{ position: { file: 'a.yaml', line: 3, column: 7 }, image: 'x' }, 'a.yaml:3:7'],
    [{ image: 'x:1', digest: 'sha256:a', host: 'a.test', path: '/b' }, 'x:1 sha256:a at a.test /b'],
    [{}, ''],
  ])('is at %j: "%s"', (where, text) => expect(formatWhere(where)).toBe(text));
});

describe('a verb that was interrupted', () => {
  const aborted = AbortSignal.abort();
  it.each([new Error('socket'), new AirgapError('NETWORK', 'reset'), aborted.reason])(
    'fails with INTERRUPTED instead of %s',
    async thrown => {
      const running = interruptible(aborted, () => Promise.reject(thrown));
      await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED', cause: thrown });
      await expect(running.catch(isInterrupted)).resolves.toBe(true);
    },
  );

  it('fails with its own error when it was not stopped', () =>
    expect(interruptible(new AbortController().signal, () => Promise.reject(error))).rejects.toBe(error));
});

describe('several actions', () => {
  it('are all settled when the first failure is thrown, and stopped by each', async () => {
    const settled: number[] = [];
    const stops: unknown[] = [];
    const running = runAll(
      [30, 10, 20],
      reason => stops.push(reason),
      async delay => {
        await new Promise(resolve => setTimeout(resolve, delay));
        settled.push(delay);
        if (delay < 30) throw new Error(`failed ${delay}`);
      },
    );
    await expect(running).rejects.toThrow('failed 10');
    expect([settled, stops.length]).toEqual([[10, 20, 30], 2]);
  });
});
