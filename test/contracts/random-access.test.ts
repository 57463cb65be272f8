import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe } from 'vitest';
import { openObject } from '../../packages/core/src/objects/read/open-object.ts';
import { FileAccess } from '../../packages/core/src/store/file-access.ts';
import { JoinedAccess } from '../../packages/core/src/store/joined-access.ts';
import { MemoryBytes } from '../../packages/core/src/store/memory-bytes.ts';
import { type RandomAccess, slice } from '../../packages/core/src/store/random-access.ts';
import { TempDir } from '../support/airgap.ts';
import { CONTENT, randomAccessContract } from '../support/random-access.ts';

const work = new TempDir();
let server: Server;

beforeAll(async () => {
  writeFileSync(work.file('b.tar'), CONTENT);
  server = createServer(({ headers }, response) => {
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(headers.range ?? '') ?? [];
    const start = Number(first);
    const end = Math.min(Number(last) + 1, CONTENT.length);
    const range = `bytes ${start}-${end - 1}/${CONTENT.length}`;
    response.writeHead(206, { 'content-range': range, etag: '"1"' }).end(CONTENT.subarray(start, end));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  work[Symbol.dispose]();
});

const openUrl = () => {
  const { port } = server.address() as { port: number };
  return openObject(`http://127.0.0.1:${port}/b.tar`, {});
};
const memory = async () => new MemoryBytes(CONTENT, 'b.tar');
/** Bytes that begin and end elsewhere. */
const surrounded = new MemoryBytes(
  Buffer.concat([Buffer.alloc(99, 1), CONTENT, Buffer.alloc(99, 1)]),
  'c.tar',
);

describe.each<[string, () => Promise<RandomAccess>]>([
  ['memory', memory],
  ['a file', () => FileAccess.open(work.file('b.tar'), 'the bundle')],
  [
    'parts',
    async () =>
      new JoinedAccess('b.tar.001', [
        new MemoryBytes(CONTENT.subarray(0, 4_999_999), 'b.tar.001'),
        new MemoryBytes(CONTENT.subarray(4_999_999), 'b.tar.002'),
      ]),
  ],
  ['a slice', async () => slice(surrounded, { start: 99, end: 99 + CONTENT.length })],
  ['a file on a web server', openUrl],
  [
    'a section of a file on a web server',
    async () => slice(await openUrl(), { start: 0, end: CONTENT.length }),
  ],
])('%s', (_name, open) => randomAccessContract(open));
