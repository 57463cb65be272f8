import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { walkExtendedTar } from './extended-walk.ts';
import { encodeHeader } from './header.ts';

const LONG = `${'folder/'.repeat(40)}${'n'.repeat(120)}`;

async function walk(tar: Buffer): Promise<[name: string, size: number][]> {
  const entries: [string, number][] = [];
  for await (const { name, size } of walkExtendedTar(new MemoryBytes(tar, 'test.tar')))
    entries.push([name, size]);
  return entries;
}

/** An entry of this type; its content is padded. */
function entry(type: string, name: string, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const header = encodeHeader(name, bytes.length, 0);
  header.write(type, 156);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, bytes, Buffer.alloc(-bytes.length & 511)]);
}

function pax(fields: Record<string, string>): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const length = Buffer.byteLength(rest);
      const digits = `${length + `${length}`.length}`.length;
      return `${length + digits}${rest}`;
    })
    .join('');
}

const END = Buffer.alloc(1024);

describe('an entry has', () => {
  it('a long name, as tar-stream writes it', async () => {
    const tar = pack();
    tar.entry({ name: LONG }, 'content');
    tar.entry({ name: 'short' }, '');
    tar.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of tar) chunks.push(chunk as Buffer);
    expect(await walk(Buffer.concat(chunks))).toEqual([
      [LONG, 7],
      ['short', 0],
    ]);
  });

  it.each<[string, Buffer[], [string, number][]]>([
    [
      'a name of a pax header',
      [entry('x', 'pax', pax({ mtime: '1.5', path: LONG })), entry('0', 'n', 'abc')],
      [[LONG, 3]],
    ],
    [
      'the name of its own header after that',
      [entry('x', 'pax', pax({ path: LONG })), entry('0', 'n', ''), entry('0', 'own', '')],
      [
        [LONG, 0],
        ['own', 0],
      ],
    ],
    [
      'a name of a GNU header',
      [entry('L', '././@LongLink', `${LONG}\0`), entry('0', 'n', 'abc')],
      [[LONG, 3]],
    ],
    [
      'both names of GNU headers',
      [
        entry('K', '././@LongLink', 'target\0'),
        entry('L', '././@LongLink', `${LONG}\0`),
        entry('0', 'n', ''),
      ],
      [[LONG, 0]],
    ],
    [
      'its own name after a global pax header',
      [entry('g', 'pax', pax({ comment: 'x' })), entry('0', 'n', '')],
      [['n', 0]],
    ],
    [
      'its own name and size after empty ones',
      [entry('x', 'pax', pax({ path: '', size: '' })), entry('0', 'n', 'abc')],
      [['n', 3]],
    ],
  ])('%s', async (_name, entries, expected) => {
    expect(await walk(Buffer.concat([...entries, END]))).toEqual(expected);
  });

  it('a size of a pax header, which replaces its own', async () => {
    const own = entry('0', 'large', '');
    const tar = Buffer.concat([
      entry('x', 'pax', pax({ size: '600' })),
      own,
      Buffer.alloc(1024),
      entry('0', 'next', 'a'),
      END,
    ]);
    expect(await walk(tar)).toEqual([
      ['large', 600],
      ['next', 1],
    ]);
  });
});

it.each<[string, Buffer, string]>([
  ['a pax header that is no record', entry('x', 'pax', 'abc'), 'a pax header is invalid'],
  ['a record that is longer than its header', entry('x', 'pax', '99 path=a\n'), 'a pax header is invalid'],
  ['a record of length 0', entry('x', 'pax', '0 path=a\n'), 'a pax header is invalid'],
  ['a pax header without an entry', entry('x', 'pax', pax({ mtime: '1.5' })), 'header has no entry'],
  ['a long name without an entry', entry('L', 'long', 'n\0'), 'header has no entry'],
  [
    'a long name after a pax header',
    Buffer.concat([entry('x', 'pax', pax({ size: '600' })), entry('L', 'long', 'n\0'), entry('0', 'n', '')]),
    'an extended header follows a pax header',
  ],
  [
    'a long name twice',
    Buffer.concat([entry('L', 'long', 'a\0'), entry('L', 'long', 'b\0'), entry('0', 'n', '')]),
    'two long names',
  ],
  [
    'a link target twice',
    Buffer.concat([entry('K', 'long', 'a\0'), entry('K', 'long', 'b\0'), entry('2', 'n', '')]),
    'two long link targets',
  ],
  [
    'a long name and a path of a pax header',
    Buffer.concat([entry('L', 'long', 'a\0'), entry('x', 'pax', pax({ path: 'b' })), entry('0', 'n', '')]),
    'two long names',
  ],
  ...['path', 'linkpath', 'size', 'GNU.sparse.major'].map((key): [string, Buffer, string] => [
    `a global ${key}`,
    Buffer.concat([entry('g', 'pax', pax({ [key]: '1' })), entry('0', 'n', '')]),
    `a global pax header sets ${key}`,
  ]),
  [
    'a global header after a long name',
    Buffer.concat([entry('L', 'long', 'a\0'), entry('g', 'pax', pax({ comment: 'x' })), entry('0', 'n', '')]),
    'a global pax header follows a long name',
  ],
  [
    'a global header after a long name',
    Buffer.concat([entry('L', 'long', 'a\0'), entry('g', 'pax', pax({ comment: 'x' })), entry('0', 'n', '')]),
    'a global pax header follows a long name',
  ],
  ...[
    ['path', 'a\0b'],
    ['uname', 'a\0b'],
    ['uid', 'root'],
    ['mtime', '1e9'],
    ['atime', '9'.repeat(30)],
    ['ctime', ' 1'],
  ].map(([key = '', value = '']): [string, Buffer, string] => [
    `the ${key} ${JSON.stringify(value)}`,
    Buffer.concat([entry('x', 'pax', pax({ [key]: value })), entry('0', 'n', '')]),
    `a pax header has an invalid ${key}`,
  ]),
  [
    'a file with holes',
    Buffer.concat([entry('x', 'pax', pax({ 'GNU.sparse.name': 'n' })), entry('0', 'n', '')]),
    'a sparse file',
  ],
  [
    'a directory with a size in a pax header',
    Buffer.concat([entry('x', 'pax', pax({ size: '512' })), entry('5', 'n/', ''), entry('0', 'n', '')]),
    'gives a directory or link a size',
  ],
  ['a negative size', entry('x', 'pax', pax({ size: '-1' })), 'invalid size: "-1"'],
  [
    'a size beyond the file',
    Buffer.concat([entry('x', 'pax', pax({ size: '99999' })), entry('0', 'n', '')]),
    'ends at byte',
  ],
  ['an extended header of 1 MB', entry('L', 'long', Buffer.alloc(1_000_000, 'a')), 'the limit is 65536'],
])('%s is an error', async (_name, tar, message) => {
  await expect(walk(Buffer.concat([tar, END]))).rejects.toThrow(message);
});
