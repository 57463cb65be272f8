import { afterEach, describe, expect, it, vi } from 'vitest';
import { Renderer, render } from './renderer.ts';

const node = (script: string, options = {}) => render(process.execPath, ['-e', script], options);

describe('render', () => {
  it('returns what the program prints', async () =>
    expect(await node('process.stdin.pipe(process.stdout)', { input: 'ä'.repeat(100_000) })).toBe(
      'ä'.repeat(100_000),
    ));

  it('passes arguments as they are, without a shell', async () =>
    expect(await render('echo', ['$HOME; `ls` *'])).toBe('$HOME; `ls` *\n'));

  it('returns undefined when the program does not exist', async () =>
    expect(await render('no-such-program-anywhere', [])).toBeUndefined());

  it.each([
    ['prints an error', 'console.error("bad\\n  values"); process.exit(1)', / bad values$/],
    ['prints nothing', 'process.exit(1)', /failed without an error message \(exit status 1\)$/],
    [
      'prints a long error',
      'console.error("x".repeat(10_000) + " the cause"); process.exit(1)',
      /: … x{490} the cause$/,
    ],
    [
      'prints endlessly',
      'setInterval(() => process.stdout.write("x".repeat(1e6)))',
      /: its output exceeds 64,000,000 characters$/,
    ],
    ['exceeds the timeout', 'setInterval(() => {}, 1000)', /: timed out after 5 seconds$/],
  ])('rejects a program that %s', async (_name, script, message) =>
    expect(node(script, { timeout: 5000 })).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    }),
  );

  it('accepts a program that does not read its input', async () =>
    expect(await node('console.log(1)', { input: 'x'.repeat(1e6) })).toBe('1\n'));

  it('stops when aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped');
    const running = node('setInterval(() => {}, 1000)', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await expect(running).rejects.toBe(reason);
  });

  it('keeps the program from the network', async () =>
    expect(await node('console.log(process.env.HTTPS_PROXY, process.env.GIT_ALLOW_PROTOCOL)')).toBe(
      'http://127.0.0.1:9 none\n',
    ));

  it('adds no listener that stays, even if the program does not exist', async () => {
    const { signal } = new AbortController();
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    for (let at = 0; at < 20; at += 1) await render('no-such-program-anywhere', [], { signal });
    await new Promise(setImmediate);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });
});

describe('Renderer', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('does not look for a missing program again', async () => {
    const program = new Renderer('sh');
    vi.stubEnv('PATH', '/nowhere');
    expect(await Promise.all([program.run([]), program.run([])])).toEqual([undefined, undefined]);
    vi.unstubAllEnvs();
    expect(await program.run(['-c', 'echo found'])).toBeUndefined();
    expect(await new Renderer('sh').run(['-c', 'echo found'])).toBe('found\n');
  });
});
