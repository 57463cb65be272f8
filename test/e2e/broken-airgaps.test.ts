import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { load, verify } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitStatus } from '../../packages/cli/src/exit-status.ts';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import {
  type ArchiveFile,
  airgapOf,
  airgapTar,
  documentOf,
  IMAGES_FOLDER,
} from '../support/airgap-archive.ts';
import { imageOf, noiseOf, sha256 } from '../support/images/image.ts';

/** The most memory that a command may use, in kB. */
const MAX_MEMORY = 200_000;

const TREE = 'images/docker/registry/v2';
const NAME = 'quay.io/team/app:1';
const TAG = `${TREE}/repositories/app/_manifests/tags/1/current/link`;
const image = imageOf({ layers: [noiseOf(1, 20_000)] });
const TEXT = Buffer.from('text');
const [config = '', layer = ''] = image.blobs.keys();

const work = new TempDir({
  // Reports the memory of each command.
  'memory.cjs':
    "process.on('exit', () => require('node:fs').writeFileSync(process.env.MEMORY_FILE, String(process.resourceUsage().maxRSS)));",
});
const temporary = new TempDir();
const folder = tmpdir();
let registry: TestRegistry;

beforeAll(async () => {
  process.env.TMPDIR = temporary.path;
  registry = await TestRegistry.start();
});
afterAll(async () => {
  process.env.TMPDIR = folder;
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
  temporary[Symbol.dispose]();
});

function blobPath(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return `${TREE}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
}

function link(folder: string, digest: string): ArchiveFile {
  const name = `${TREE}/repositories/app/${folder}/sha256/${digest.slice('sha256:'.length)}/link`;
  return { name, content: digest };
}

const DOCUMENT = documentOf({ format: 'docker', savedImages: [NAME] });
const FILES: readonly ArchiveFile[] = [
  DOCUMENT,
  IMAGES_FOLDER,
  { name: TAG, content: image.digest },
  link('_manifests/revisions', image.digest),
  ...[config, layer].map(digest => link('_layers', digest)),
  { name: blobPath(image.digest), content: image.bytes },
  ...[...image.blobs].map(([digest, content]) => ({ name: blobPath(digest), content })),
];

/** The good archive with some entries replaced or removed, and more at its end. */
function changed(
  changes: Record<string, Partial<ArchiveFile> | undefined>,
  ...more: readonly ArchiveFile[]
): ArchiveFile[] {
  const kept = FILES.flatMap(file => {
    if (!(file.name in changes)) return [file];
    const change = changes[file.name];
    return change ? [{ ...file, ...change }] : [];
  });
  return [...kept, ...more];
}

const withSpec = (spec: object) => airgapOf(changed({ 'airgap.yaml': documentOf(spec) }));
const withDocument = (content: string) => airgapOf(changed({ 'airgap.yaml': { content } }));
const withEntry = (entry: ArchiveFile) => airgapOf([...FILES, entry]);

/** The good tar with another header field of its second entry, and a matching checksum. */
async function withHeader(change: (header: Buffer) => void, isChecked = true): Promise<Buffer> {
  const tar = await airgapTar(FILES);
  const at = 512 + Math.ceil((DOCUMENT.content?.length ?? 0) / 512) * 512;
  const header = tar.subarray(at, at + 512);
  change(header);
  if (isChecked) {
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  }
  return gzipSync(tar);
}

function sizeHeader(size: string): (header: Buffer) => void {
  return header => {
    header.write('0', 156);
    header.write(size, 124, 'latin1');
  };
}

/** An extended header with this content and, in its own header, this size. */
async function withPax(content: string, size = content.length): Promise<Buffer> {
  const entry = await airgapTar([{ name: 'pax', content }]);
  const header = entry.subarray(0, 512);
  header.write('x', 156);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padded = entry.subarray(0, 512 + Math.ceil(content.length / 512) * 512);
  const document = (await airgapTar([DOCUMENT])).subarray(0, -1024);
  return gzipSync(Buffer.concat([document, padded, await airgapTar(FILES.slice(1))]));
}

async function compressed(): Promise<Buffer> {
  return gzipSync(await airgapTar(FILES));
}

function manyImages(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `quay.io/team/image-${at}:1`);
}

/** Aliases that expand to 10^9 strings. */
const ALIASES = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  .concat(
    [...'bcdefghi'].map((key, at) => `${key}: &${key} [${Array(10).fill(`*${'abcdefgh'[at]}`).join(', ')}]`),
  )
  .join('\n');

interface Case {
  readonly what: string;
  readonly bytes: () => Promise<Buffer>;
  readonly message: string | RegExp;
  /** The exit status of `load`; that of `verify` is 1. Default 1. */
  readonly status?: number;
  /** Whether it is also given to the program, whose memory is then measured. */
  readonly isLarge?: true;
}

const CASES: readonly Case[] = [
  { what: 'an empty file', bytes: async () => Buffer.alloc(0), message: 'not a tar file' },
  { what: 'text', bytes: async () => Buffer.from('text'), message: 'not a tar file' },
  { what: 'a tar without gzip', bytes: () => airgapTar(FILES), message: 'KOTS reads only gzip' },
  {
    what: 'a file that was not copied to its end',
    isLarge: true,
    bytes: async () => (await compressed()).subarray(0, 9000),
    message: 'the gzip is damaged: unexpected end of file',
  },
  {
    what: 'a file without its last bytes',
    bytes: async () => (await compressed()).subarray(0, -4),
    message: 'the gzip is damaged: unexpected end of file',
  },
  {
    what: 'another byte',
    bytes: async () => {
      const bytes = await compressed();
      return bytes.fill(bytes.readUInt8(9000) ^ 0xff, 9000, 9001);
    },
    message: /the gzip is damaged|digest mismatch/,
  },
  {
    what: 'a tar that ends early',
    bytes: async () => gzipSync((await airgapTar(FILES)).subarray(0, 12_000)),
    message: 'truncated tar',
  },
  {
    what: 'a tar without its end',
    bytes: async () => gzipSync((await airgapTar(FILES)).subarray(0, -1024)),
    message: 'truncated tar',
  },
  {
    what: 'a header with another byte',
    bytes: () => withHeader(header => header.fill('X', 0, 1), false),
    message: 'invalid tar header: checksum mismatch',
  },
  {
    what: 'a size of 8 EB',
    bytes: () => withHeader(header => header.fill(0xff, 125, 136).fill(0x80, 124, 125)),
    message: 'size out of range',
  },
  {
    what: 'a size beyond the end',
    bytes: () => withHeader(sizeHeader('77777777777\0')),
    message: 'truncated tar: entry images ends at byte',
  },
  {
    what: 'a size that is no number',
    bytes: () => withHeader(sizeHeader('-0000000001\0')),
    message: 'invalid octal number',
  },
  {
    what: 'an extended header of 1 GB',
    isLarge: true,
    bytes: () => withPax('x', 1_000_000_000),
    message: 'truncated tar',
  },
  {
    what: 'a negative size in an extended header',
    bytes: () => withPax('11 size=-1\n'),
    message: 'invalid size',
  },
  {
    what: 'an extended header that is not one',
    bytes: () => withPax('99 path=x\n'),
    message: 'a pax header is invalid',
  },
  {
    what: 'an absolute path',
    bytes: () => withEntry({ name: '/etc/airgap-test', content: 'x' }),
    message: 'illegal path in the archive: "/etc/airgap-test"',
  },
  {
    what: 'a path that leads out',
    bytes: () => withEntry({ name: 'images/../../airgap-test', content: 'x' }),
    message: 'illegal path in the archive',
  },
  {
    what: 'a path of Windows',
    bytes: () => withEntry({ name: 'images\\..\\airgap-test', content: 'x' }),
    message: 'illegal path in the archive',
  },
  {
    what: 'a name of 2000 bytes',
    bytes: () => withEntry({ name: `images/${'x/'.repeat(1000)}y`, content: 'x' }),
    message: 'a name has more than 1024 bytes',
  },
  {
    what: 'names with ./',
    bytes: () => airgapOf(FILES.map(file => ({ ...file, name: `./${file.name}` }))),
    message: 'its names start with "./"',
  },
  { what: 'no document', bytes: () => airgapOf(FILES.slice(1)), message: 'airgap.yaml is missing' },
  {
    what: 'a document that is a link',
    bytes: () =>
      airgapOf(changed({ 'airgap.yaml': { type: 'symlink', linkname: '/etc/passwd', content: '' } })),
    message: 'airgap.yaml is missing',
  },
  { what: 'two documents', bytes: () => withEntry(DOCUMENT), message: 'duplicate entry airgap.yaml' },
  {
    what: 'a blob twice',
    bytes: () => withEntry({ name: blobPath(layer), content: 'other' }),
    message: 'duplicate entry images/docker/registry/v2/blobs',
  },
  { what: 'invalid YAML', bytes: () => withDocument('a: [1, 2'), message: 'invalid airgap.yaml' },
  {
    what: 'another version of the document',
    bytes: () => withDocument('apiVersion: kots.io/v1beta2\nkind: Airgap\nspec: {}\n'),
    message: 'invalid airgap.yaml: apiVersion',
  },
  {
    what: 'aliases that expand',
    isLarge: true,
    bytes: () => withDocument(ALIASES),
    message: 'invalid airgap.yaml',
  },
  {
    what: 'a document of 5 MB',
    isLarge: true,
    bytes: () => withDocument(`# ${'x'.repeat(5_000_000)}\n`),
    message: 'airgap.yaml has 5000003 bytes, the limit is 4194304',
  },
  {
    what: '10,000 images',
    isLarge: true,
    bytes: () => withSpec({ format: 'docker', savedImages: manyImages(10_000) }),
    message: 'savedImages has 10000 images, the limit is 5000',
  },
  {
    what: '5000 images that are missing',
    isLarge: true,
    bytes: () => withSpec({ format: 'docker', savedImages: manyImages(5000) }),
    message: 'quay.io/team/image-0:1: the tag image-0:1 is missing',
  },
  {
    what: 'a name that is not one',
    bytes: () => withSpec({ format: 'docker', savedImages: ['UPPER case'] }),
    message: 'savedImages has an invalid name: "UPPER case"',
  },
  {
    what: 'a list of images that is a text',
    bytes: () => withSpec({ format: 'docker', savedImages: 'quay.io/team/app:1' }),
    message: 'invalid airgap.yaml: spec.savedImages',
  },
  {
    what: 'two names for one tag',
    bytes: () => withSpec({ format: 'docker', savedImages: [NAME, 'ghcr.io/other/app:1'] }),
    message: 'quay.io/team/app:1 and ghcr.io/other/app:1 are both app:1 once KOTS has pushed them',
  },
  {
    what: 'a tag that leads out',
    bytes: () => airgapOf(changed({ [TAG]: { content: '../../../../etc/passwd' } })),
    message: 'is not a digest',
  },
  {
    what: 'a tag of 1 MB',
    bytes: () => airgapOf(changed({ [TAG]: { content: 'sha256:'.padEnd(1_000_000, 'a') } })),
    message: 'is not a digest',
  },
  {
    what: 'a tag that is a link',
    bytes: () => airgapOf(changed({ [TAG]: { type: 'link', linkname: blobPath(layer), content: '' } })),
    message: 'the tag app:1 is missing',
  },
  {
    what: 'no manifest',
    bytes: () => airgapOf(changed({ [blobPath(image.digest)]: undefined })),
    message: `its manifest ${image.digest} is missing`,
  },
  {
    what: 'a manifest that is no JSON',
    bytes: () =>
      airgapOf(
        changed({ [TAG]: { content: sha256(TEXT) } }, { name: blobPath(sha256(TEXT)), content: TEXT }),
      ),
    message: `its manifest ${sha256(TEXT)}: the manifest is not JSON`,
  },
  {
    what: 'a manifest of 9 MB',
    isLarge: true,
    bytes: () => airgapOf(changed({ [blobPath(image.digest)]: { content: ' '.repeat(9_000_000) } })),
    message: 'its manifest has 9000000 bytes',
  },
  {
    what: 'another manifest than its digest says',
    bytes: () => airgapOf(changed({ [blobPath(image.digest)]: { content: `${image.bytes} ` } })),
    message: 'digest mismatch',
    status: 4,
  },
  {
    what: 'another layer than its digest says',
    isLarge: true,
    bytes: () => airgapOf(changed({ [blobPath(layer)]: { content: Buffer.alloc(20_000) } })),
    message: 'digest mismatch',
    status: 4,
  },
  {
    what: 'a layer that is a link',
    bytes: () =>
      airgapOf(changed({ [blobPath(layer)]: { type: 'link', linkname: blobPath(config), content: '' } })),
    message: /missing/,
  },
  {
    what: 'a layer that is a pipe',
    bytes: () => airgapOf(changed({ [blobPath(layer)]: { type: 'fifo', content: '' } })),
    message: /missing/,
  },
];

interface Outcome {
  readonly status: number | null;
  readonly output: string;
  /** In kB. */
  readonly memory: number;
}

async function run(...args: string[]): Promise<Outcome> {
  const memory = temporary.file('memory');
  const env = {
    TMPDIR: temporary.path,
    NODE_OPTIONS: `--require ${work.file('memory.cjs')}`,
    MEMORY_FILE: memory,
  };
  const { status, stdout, stderr } = await airgap(args, { cwd: work.path, env });
  const used = Number(readFileSync(memory, 'utf8'));
  rmSync(memory);
  return { status, output: `${stdout}${stderr}`, memory: used };
}

/** What the verbs say of a file. */
async function outcomeOf(verb: 'load' | 'verify', bundle: string): Promise<Omit<Outcome, 'memory'>> {
  try {
    if (verb === 'load') await load({ bundle, target: registry.host, plainHttp: [registry.host] });
    const { problems } = await verify({ bundle });
    return { status: problems.length > 0 ? 1 : 0, output: problems.map(({ message }) => message).join('\n') };
  } catch (error) {
    return { status: exitStatus(error), output: (error as Error).message };
  }
}

describe('a .airgap with', () => {
  it.each(CASES)('$what is refused', async ({ bytes, message, status = 1, isLarge }) => {
    const path = work.file('broken.airgap');
    writeFileSync(path, await bytes());
    const before = work.files();
    const pushed = registry.seen.length;
    const loaded = await outcomeOf('load', path);
    const verified = await outcomeOf('verify', path);
    for (const { output } of [loaded, verified]) expect(output).toMatch(message);
    expect([loaded.status, verified.status]).toEqual([status, 1]);
    // No tag, and no file.
    const tags = registry.seen.slice(pushed).filter(({ path }) => path.endsWith('/manifests/1'));
    expect(tags.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(work.files()).toEqual(before);
    expect(readdirSync(temporary.path)).toEqual([]);
    if (!isLarge) return;
    const { output, memory, ...outcome } = await run('load', path, registry.host);
    expect(outcome.status).toBe(status);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/\n\s+at .*:\d+:\d+/);
    expect(memory).toBeLessThan(MAX_MEMORY);
  });

  it.each<[string, () => Promise<Buffer>]>([
    ['nothing wrong', () => airgapOf(FILES)],
    ['its entries in another order', () => airgapOf(FILES.toReversed())],
    [
      'two gzip members',
      async () => {
        const tar = await airgapTar(FILES);
        return Buffer.concat([gzipSync(tar.subarray(0, 7000)), gzipSync(tar.subarray(7000))]);
      },
    ],
    ['folders', () => airgapOf([...FILES, { name: `${TREE}/`, type: 'directory' }])],
    ['two spellings of one image', () => withSpec({ format: 'docker', savedImages: [NAME, NAME] })],
  ])('%s is OK', async (_what, bytes) => {
    const path = work.file('good.airgap');
    writeFileSync(path, await bytes());
    expect(await outcomeOf('verify', path)).toEqual({ status: 0, output: '' });
    expect(readdirSync(temporary.path)).toEqual([]);
  });

  it('takes no base: it is not ignored', async () => {
    const path = work.file('good.airgap');
    writeFileSync(path, await airgapOf(FILES));
    for (const command of [
      ['verify', path],
      ['load', path, registry.host],
      ['load', path, 'docker:'],
    ]) {
      const { status, stderr } = await airgap([...command, '--base', path]);
      expect(stderr).toContain('a .airgap is not completed from a base');
      expect(status).toBe(2);
    }
  });
});
