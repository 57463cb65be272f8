import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ProgramOptions, runProgram } from './run-program.ts';

const node = (script: string, options: ProgramOptions = {}) =>
  runProgram(process.execPath, ['-e', script], options);

describe('runProgram', () => {
  it('returns the output', async () =>
    expect(await node('console.log(1); console.error(2)')).toEqual({
      stdout: '1\n',
      stderr: '2\n',
      failure: undefined,
    }));

  it.each<[string, string, ProgramOptions, string, string]>([
    ['ends with an error', 'process.exit(3)', {}, 'exit', 'exit status 3'],
    ['is killed', 'process.kill(process.pid, "SIGTERM")', {}, 'exit', 'killed by SIGTERM'],
    [
      'takes too long',
      'setInterval(() => {}, 1000)',
      { timeout: 300 },
      'timeout',
      'timed out after 0.3 seconds',
    ],
    [
      'writes too much',
      'setInterval(() => process.stdout.write("x".repeat(1000)))',
      { maxOutput: 5000 },
      'output',
      'its output exceeds 5,000 characters',
    ],
  ])('says why a program fails that %s', async (_name, script, options, kind, reason) =>
    expect((await node(script, options)).failure).toEqual({ kind, reason }),
  );

  it.each([
    ['does not exist', 'no-such-program-anywhere', 'missing', 'not found on PATH'],
    ['is a directory', '/', 'start', 'not executable'],
  ])('says that a program %s', async (_name, program, kind, reason) =>
    expect((await runProgram(program, [])).failure).toMatchObject({ kind, reason }),
  );

  it('keeps only the end of stderr', async () => {
    const { stderr } = await node('process.stderr.write("x".repeat(300000) + "the cause")');
    expect(stderr.endsWith('xthe cause')).toBe(true);
    expect(stderr.length).toBeLessThan(100_000);
  });

  it('accepts a program that stops reading, and its status counts', async () => {
    const input = 'x'.repeat(1e6);
    expect((await node('process.exit(0)', { input })).failure).toBeUndefined();
  });

  it('kills a program whose input fails, so that it never accepts a part of it', async () => {
    const error = new Error('the source failed');
    const running = node('process.stdin.resume().on("end", () => process.exit(0))', {
      input: async stdin => {
        stdin.write('a part');
        await sleep(100);
        throw error;
      },
    });
    await expect(running).rejects.toBe(error);
  });

  it('ends with the reason of the signal, after the program has ended', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const running = node('setInterval(() => {}, 1000)', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 200);
    await expect(running).rejects.toBe(reason);
  });
});
