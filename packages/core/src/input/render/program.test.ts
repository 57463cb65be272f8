import { describe, expect, it } from 'vitest';
import { runProgram } from './program.ts';

const node = (script: string, options = {}) => runProgram(process.execPath, ['-e', script], options);

describe('runProgram', () => {
  it('returns what the program prints', async () =>
    expect(await node('process.stdin.pipe(process.stdout)', { input: 'ä'.repeat(100_000) })).toBe(
      'ä'.repeat(100_000),
    ));

  it('gives arguments as they are, without a shell', async () =>
    expect(await runProgram('echo', ['$HOME; `ls` *'])).toBe('$HOME; `ls` *\n'));

  it('returns nothing when there is no such program', async () =>
    expect(await runProgram('no-such-program-anywhere', [])).toBeUndefined());

  it.each([
    ['says why', 'console.error("bad\\n  values"); process.exit(1)', / bad values$/],
    ['says nothing', 'process.exit(1)', /without a word$/],
    ['says too much', 'console.error("x".repeat(10_000)); process.exit(1)', /: x{500}$/],
    ['prints without end', 'setInterval(() => process.stdout.write("x".repeat(1e6)))', /printed too much$/],
    ['takes too long', 'setInterval(() => {}, 1000)', /took too long$/],
  ])('refuses one that %s', async (_name, script, message) =>
    expect(node(script, { timeout: 5000 })).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    }),
  );

  it('does not mind one that leaves its input alone', async () =>
    expect(await node('console.log(1)', { input: 'x'.repeat(1e6) })).toBe('1\n'));

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped');
    const running = node('setInterval(() => {}, 1000)', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await expect(running).rejects.toBe(reason);
  });
});
