import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

/** What may be in place of a file. */
export const KINDS = ['fifo', 'socket', 'folder', 'dangling', 'loop', 'zero', 'binary', 'large.txt', 'empty'];
/** What has one file each; `FILE` is the odd one. */
const USES: readonly (readonly string[])[] = [
  ['plan', 'list.txt', '--config', 'FILE'],
  ['plan', 'list.txt', '--ca', 'FILE'],
  ['plan', 'list.txt', '--license', 'FILE'],
  ['plan', 'list.txt', '--locked', 'FILE'],
  ['lint', 'FILE'],
  ['verify', 'FILE'],
  ['verify', 'bundle.tar', '--public-key', 'FILE'],
  ['verify', 'bundle.tar', '--checksums', 'FILE'],
  ['sign', 'bundle.tar', '--key', 'FILE'],
  ['kots', 'bundle.tar', '--release', 'FILE', '-o', 'app.airgap'],
  ['serve', 'bundle.tar', '--listen', '127.0.0.1:0', '--tls-cert', 'FILE', '--tls-key', 'FILE'],
];

/** Declares the tests. @param kinds of odd files, see {@link KINDS} */
export function testOddFiles(kinds: readonly string[]): void {
  const work = new TempDir({
    'list.txt': '127.0.0.1:1/app:1\n',
    'large.txt': 'x'.repeat(20_000_000),
    empty: '',
  });
  const socket = createServer();
  beforeAll(async () => {
    await buildBundle(
      { 'team/app:1': imageOf({ layers: [noiseOf(1, 5000)], compression: 'none' }) },
      work.file('bundle.tar'),
    );
    execFileSync('mkfifo', [work.file('fifo')]);
    mkdirSync(work.file('folder'));
    symlinkSync('gone', work.file('dangling'));
    symlinkSync('loop', work.file('loop'));
    symlinkSync('/dev/zero', work.file('zero'));
    writeFileSync(work.file('binary'), noiseOf(2, 5000).bytes);
    await new Promise<void>(resolve => socket.listen(work.file('socket'), resolve));
  });
  afterAll(() => {
    socket.close();
    work[Symbol.dispose]();
  });

  describe.each(USES.map(use => [use.join(' '), use] as const))('%s', (_title, use) => {
    it.concurrent.each([...kinds])('with %s ends with words and the documented status', async kind => {
      const args = use.map(argument => (argument === 'FILE' ? kind : argument));
      const { status, stdout, stderr } = await Promise.race([
        airgap(args, { cwd: work.path }),
        new Promise<never>((_, reject) => setTimeout(() => reject(new Error('it hangs')), 40_000).unref()),
      ]);
      expect([0, 1, 2, 3, 4, 5]).toContain(status);
      expect(stderr + stdout).not.toMatch(/^\s+at .*:\d+|node:|TypeError|ERR_/m);
      if (status !== 0) expect(stderr + stdout).toMatch(/error|problem/);
    });
  });
}
