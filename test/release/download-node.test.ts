import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-download-'));
const NAME = `node-v24.1.2-${process.platform}-${process.arch}`;
let archive: Buffer;
let sums = '';
const server = createServer((request, response) => {
  if (request.url === '/v24.1.2/SHASUMS256.txt') response.end(sums);
  else if (request.url === `/v24.1.2/${NAME}.tar.gz`) response.end(archive);
  else response.writeHead(404).end();
});

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const bin = join(folder, NAME, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'node'), 'a program');
  chmodSync(join(bin, 'node'), 0o755);
  archive = execFileSync('tar', ['-cz', '-C', folder, NAME]);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const download = (to: string) =>
  run([process.execPath, 'packages/cli/dist-tools/download-node.js', '24.1.2', join(folder, to)], {
    env: {
      NODE_MIRROR: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      PATH: process.env.PATH,
    },
  });

it('unpacks a Node.js whose checksum is right', async () => {
  const sum = createHash('sha256').update(archive).digest('hex');
  sums = `${'0'.repeat(64)}  node-v24.1.2-aix-ppc64.tar.gz\n${sum}  ${NAME}.tar.gz\n`;
  expect(await download('right')).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, 'right/bin/node'), 'utf8')).toBe('a program');
});

it.each([
  ['has another checksum', () => `${'0'.repeat(64)}  ${NAME}.tar.gz\n`, 'checksum mismatch'],
  ['is not listed', () => '', 'does not list'],
])('refuses one that %s', async (_name, list, message) => {
  sums = list();
  expect(await download('wrong')).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
});
