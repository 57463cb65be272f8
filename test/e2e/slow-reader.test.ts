import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, TempDir } from '../support/airgap.ts';
import { imageOf } from '../support/images/image.ts';

const SIZE = 200_000_000;
/** The largest number of bytes that the buffers of two sockets, a pipe and the program may hold. */
const BUFFERED = 40_000_000;

it('a build to a reader that does not read stops downloading, and continues when it reads', async () => {
  const layer = Buffer.alloc(SIZE);
  const digest = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  await using registry = await TestRegistry.start();
  registry.push(
    'team/app:1',
    imageOf({ layers: [{ digest, size: SIZE, diffId: digest }], compression: 'none' }),
  );
  let sent = 0;
  registry.fault = async ({ path }, response) => {
    if (!path.endsWith(digest)) return false;
    response.writeHead(200, { 'content-length': SIZE });
    for (let at = 0; at < SIZE; at += 1_000_000) {
      if (!response.write(layer.subarray(at, at + 1_000_000))) await once(response, 'drain');
      sent += 1_000_000;
    }
    response.end();
    return true;
  };
  using work = new TempDir({ 'list.txt': `${registry.host}/team/app:1\n` });
  const args = [
    'build',
    work.file('list.txt'),
    '-o',
    '-',
    '--plain-http',
    registry.host,
    '--progress',
    'none',
  ];
  const child = spawn(process.execPath, [AIRGAP, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  while (sent === 0) await sleep(20);
  await sleep(2000);
  expect(sent).toBeLessThan(BUFFERED);
  let received = 0;
  child.stdout.on('data', chunk => {
    received += chunk.length;
  });
  const [status] = await once(child, 'close');
  expect(status).toBe(0);
  expect(received).toBeGreaterThan(SIZE);
});
