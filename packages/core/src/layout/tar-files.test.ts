import { describe, expect, it } from 'vitest';
import { digestHex, digestOf } from '../oci/digest.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { encodeHeader, padded, TRAILER_SIZE } from '../tar/header.ts';
import { Layout } from './layout.ts';
import { layoutName, TarFiles } from './tar-files.ts';

const blob = Buffer.from('{}');
const BLOB = `blobs/sha256/${digestHex(digestOf(blob))}`;
const INDEX = Buffer.from('{"schemaVersion":2,"manifests":[]}');

/** A tar of these entries; a name that ends with a slash is a directory. */
function tarOf(entries: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const parts = entries.map(([name, content]) => {
    const header = encodeHeader(name, content.length, 0);
    if (name.endsWith('/')) setType(header, '5');
    return Buffer.concat([header, content, Buffer.alloc(padded(content.length) - content.length)]);
  });
  return Buffer.concat([...parts, Buffer.alloc(TRAILER_SIZE)]);
}

function setType(header: Buffer, type: string): void {
  const before = header[156] ?? 0;
  header.write(type, 156);
  const checksum = Number.parseInt(header.toString('latin1', 148, 154), 8) + (header[156] ?? 0) - before;
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

const documents = ['oci-layout', 'index.json', 'manifest.json'].map(name => [name, INDEX] as const);

const open = (...entries: (readonly [string, Buffer])[]) =>
  TarFiles.open(new MemoryBytes(tarOf(entries), 'x.tar'));

describe('the path of a tar entry in the layout', () => {
  it.each([
    ['index.json', 'index.json'],
    ['./index.json', 'index.json'],
    ['././index.json', 'index.json'],
    ['.//index.json', 'index.json'],
    ['.//.//./index.json', 'index.json'],
    ['blobs//sha256/aa', 'blobs/sha256/aa'],
    ['./blobs/./sha256/././aa', 'blobs/sha256/aa'],
    ['./', ''],
    ['./blobs/', 'blobs/'],
    ['x/../index.json', 'x/../index.json'],
    ['../index.json', '../index.json'],
    ['/index.json', '/index.json'],
    ['.index.json', '.index.json'],
    ['..//index.json', '../index.json'],
  ])('%s is %s', (entry, path) => expect(layoutName(entry)).toBe(path));
});

describe('an archive of another tool', () => {
  it.each(['', './', '././', './/', './/./'])('is read with names that begin with "%s"', async prefix => {
    const files = await open([`${prefix}index.json`, INDEX], [prefix + BLOB, blob]);
    expect([files.form, [...files.entries.keys()]]).toEqual(['archive', ['index.json', BLOB]]);
    const layout = new Layout(files);
    expect(await layout.blob({ mediaType: 'x', digest: digestOf(blob), size: blob.length })).toEqual(blob);
  });

  it.each([['./'], ['././'], ['blobs/'], ['./blobs/sha256/'], ['.//blobs//sha256/']])(
    'may list the directory %s',
    async directory => {
      const files = await open([directory, Buffer.alloc(0)], ['index.json', INDEX]);
      expect([...files.entries.keys()]).toEqual(['index.json']);
    },
  );

  it.each([
    ['pax headers', 'x', '22 mtime=1732608000.5\n'],
    ['a global pax header', 'g', '13 comment=x\n'],
    ['a long name of GNU', 'L', 'index.json\0'],
  ])('is read with %s', async (_name, type, content) => {
    const bytes = Buffer.from(content);
    const header = encodeHeader('extended', bytes.length, 0);
    setType(header, type);
    const extended = Buffer.concat([header, bytes, Buffer.alloc(512 - bytes.length)]);
    const tar = Buffer.concat([
      extended,
      tarOf([['index.json', INDEX], ...documents.slice(0, 1), [BLOB, blob]]),
    ]);
    const files = await TarFiles.open(new MemoryBytes(tar, 'x.tar'));
    expect([files.form, [...files.entries.keys()]]).toEqual(['archive', ['index.json', 'oci-layout', BLOB]]);
  });

  it.each([
    ['x/../index.json', 'unexpected entry: neither a blob nor a document of a bundle: x/../index.json'],
    [
      'blobs/../index.json',
      'unexpected entry: neither a blob nor a document of a bundle: blobs/../index.json',
    ],
    ['/index.json', 'unexpected entry: neither a blob nor a document of a bundle: /index.json'],
    ['../index.json', 'unexpected entry: neither a blob nor a document of a bundle: ../index.json'],
    ['other/', 'unexpected entry: neither a blob nor a document of a bundle: other/'],
    ['././index.json', 'duplicate entry: readers disagree on which one counts: ././index.json'],
    ['.//index.json', 'duplicate entry: readers disagree on which one counts: .//index.json'],
  ])('is rejected with %s', async (entry, problem) => {
    const opening = open(['index.json', INDEX], [entry, entry.endsWith('/') ? Buffer.alloc(0) : INDEX]);
    await expect(opening).rejects.toMatchObject({
      code: 'BUNDLE',
      message: `invalid or incomplete bundle: ${problem} (at byte 1024)`,
      where: { path: 'x.tar' },
    });
  });
});

describe('a tar is', () => {
  it.each([
    ['a bundle with the three documents', documents, 'bundle'],
    ['an archive without manifest.json', documents.slice(0, 2), 'archive'],
    ['an archive with a directory', [...documents, ['blobs/', Buffer.alloc(0)] as const], 'archive'],
    ['an archive with a ./ name', [...documents, [`./${BLOB}`, blob] as const], 'archive'],
  ])('%s', async (_name, entries, form) => expect((await open(...entries)).form).toBe(form));

  it.each([
    ['a docker archive', 'manifest.json', 'not an OCI layout: a docker archive'],
    ['a tar of anything else', 'readme', 'invalid or incomplete bundle: index.json is missing'],
  ])('rejected when it is %s', async (_name, entry, message) => {
    await expect(open([entry, blob])).rejects.toMatchObject({ code: 'BUNDLE', message });
  });
});
