// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of Compose have this form
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComposeOptions } from './compose-files.ts';
import { readSpec } from './read-input.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'airgap-compose-'));
  folder = join(parent, 'app');
  await mkdir(folder);
});
afterEach(() => rm(parent, { recursive: true }));

type Files = Readonly<Record<string, string>>;

async function write(files: Files) {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
}

async function read(files: Files, inputs: readonly string[] = ['.'], compose: ComposeOptions = {}) {
  await write(files);
  const spec = await readSpec({ specs: inputs.map(input => join(folder, input)), compose });
  return {
    images: spec.used.map(({ image }) => `${image.value}${image.templated ? ' ?' : ''}`),
    notes: spec.notes.map(({ message }) => message),
    errors: [...spec.parseErrors, ...spec.renderErrors].map(({ message }) => message),
  };
}

const service = (name: string, image: string) => `services:\n  ${name}:\n    image: ${image}\n`;

describe('compose files:', () => {
  it.each<[name: string, files: Files, images: string[], inputs?: string[], options?: ComposeOptions]>([
    ['.env is read', { 'compose.yaml': service('a', 'a:${T}'), '.env': 'T=1' }, ['a:1']],
    [
      '.env of the folder of a named file',
      { 'c.yml': service('a', 'a:${T}'), '.env': 'T=1' },
      ['a:1'],
      ['c.yml'],
    ],
    [
      'each folder has its own .env',
      {
        'x/compose.yaml': service('a', 'a:${T}'),
        'x/.env': 'T=1',
        'y/compose.yaml': service('a', 'a:$T'),
        'y/.env': 'T=2',
      },
      ['a:1', 'a:2'],
    ],
    ['a variable that is not set is unknown', { 'compose.yaml': service('a', 'a:${T}') }, ['a:${T} ?']],
    [
      'an included file has its own .env, and the variables of the first',
      {
        'compose.yaml': 'include: [sub/db.yaml]\n',
        '.env': 'T=1',
        'sub/db.yaml': service('db', 'db:${T}-${U}'),
        'sub/.env': 'U=2\nT=9',
      },
      ['db:1-2'],
      ['compose.yaml'],
    ],
    [
      'an include has several files, which are merged, and an env file',
      {
        'compose.yaml': 'include:\n- path: [a.yaml, b.yaml]\n  env_file: x.env\n',
        'a.yaml': service('a', 'a:1'),
        'b.yaml': service('a', 'a:${T}'),
        'x.env': 'T=2',
      },
      ['a:2'],
      ['compose.yaml'],
    ],
    [
      'an included file includes another, and the first again',
      {
        'compose.yaml': `include: [a.yaml]\n${service('m', 'm:1')}`,
        'a.yaml': `include: [compose.yaml, b.yaml]\n${service('a', 'a:1')}`,
        'b.yaml': service('b', 'b:1'),
      },
      ['m:1', 'a:1', 'b:1'],
      ['compose.yaml'],
    ],
    [
      'a service extends one of the same file',
      { 'compose.yaml': `${service('a', 'a:1')}  b:\n    extends: {service: a}\n` },
      ['a:1', 'a:1'],
    ],
    [
      'a service extends one of another file, whose other services do not count',
      {
        'compose.yaml': 'services:\n  a: {extends: {service: x, file: base/common.yaml}}\n',
        'base/common.yaml': `${service('x', 'x:1')}  y: {image: "y:1"}\n`,
      },
      ['x:1'],
      ['compose.yaml'],
    ],
    [
      'a chain of extends over files; the nearest image counts',
      {
        'compose.yaml': 'services:\n  a: {extends: {service: b, file: b.yaml}}\n',
        'b.yaml': 'services:\n  b: {extends: {service: c, file: c.yaml}}\n',
        'c.yaml': 'services:\n  c: {extends: d}\n  d: {image: "d:1"}\n',
      },
      ['d:1'],
      ['compose.yaml'],
    ],
    [
      'services that extend each other have no image',
      { 'compose.yaml': 'services:\n  a: {extends: b}\n  b: {extends: a}\n  c: {image: "c:1"}\n' },
      ['c:1'],
    ],
    [
      'a file of the input counts although another one extends it',
      {
        'a.yaml': 'services:\n  a: {extends: {service: x, file: b.yaml}}\n',
        'b.yaml': `${service('x', 'x:1')}  y: {image: "y:1"}\n`,
      },
      ['x:1', 'x:1', 'y:1'],
    ],
    [
      'the override of a directory overrides',
      {
        'compose.override.yaml': service('a', 'a:2'),
        'compose.yaml': `${service('a', 'a:1')}  b: {image: "b:1"}\n`,
      },
      ['a:2', 'b:1'],
    ],
    [
      'other files of a directory are projects of their own',
      { 'compose.yaml': service('a', 'a:1'), 'compose.prod.yaml': service('a', 'a:2') },
      ['a:2', 'a:1'],
    ],
    [
      'files named together are merged in their order',
      { 'b.yaml': service('a', 'a:1'), 'a.yaml': service('a', 'a:2') },
      ['a:2'],
      ['b.yaml', 'a.yaml'],
    ],
    [
      'files named together in other folders are not merged',
      { 'x/c.yaml': service('db', 'db:1'), 'y/c.yaml': service('db', 'db:2') },
      ['db:1', 'db:2'],
      ['x/c.yaml', 'y/c.yaml'],
    ],
    [
      'services with profiles count',
      { 'compose.yaml': `${service('a', 'a:1')}    profiles: [debug]\n` },
      ['a:1'],
    ],
    [
      'an env file replaces .env',
      { 'compose.yaml': service('a', 'a:${T}-${U:-0}'), '.env': 'T=1\nU=1', 'x.env': 'T=2' },
      ['a:2-0'],
      ['.'],
      { envFiles: ['x.env'] },
    ],
    [
      'a named variable wins',
      { 'compose.yaml': service('a', 'a:${T}'), '.env': 'T=1' },
      ['a:3'],
      ['.'],
      { variables: { T: '3' } },
    ],
    [
      'Kubernetes manifests keep their order beside services',
      {
        'a.yaml': 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "p:1"}]}\n',
        'compose.yaml': service('a', 'a:1'),
        'd.yaml': 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "p:2"}]}\n',
      },
      ['p:1', 'a:1', 'p:2'],
    ],
  ])('%s', async (_name, files, images, inputs, options = {}) => {
    const envFiles = options.envFiles?.map(file => join(folder, file));
    expect(await read(files, inputs, { ...options, envFiles })).toMatchObject({ images, errors: [] });
  });

  it.each<[name: string, files: Files, images: string[], notes: string[]]>([
    [
      'a service that is built',
      { 'compose.yaml': `${service('web', 'web:1')}    build: .\n  db: {image: "db:1"}\n` },
      ['db:1'],
      ['web:1 of service web is built by Compose (build:): it is not fetched'],
    ],
    [
      'a service that is only built',
      { 'compose.yaml': 'services: {web: {build: .}}\n' },
      [],
      ['the image of service web is built by Compose (build:): it is not fetched'],
    ],
    [
      'a service that an override builds',
      { 'compose.yaml': service('web', 'web:1'), 'compose.override.yaml': 'services: {web: {build: .}}\n' },
      [],
      ['web:1 of service web is built by Compose (build:): it is not fetched'],
    ],
    [
      'a service of a Swarm, which never builds',
      { 's.yaml': `# kind: scheduler-swarm\n${service('w', 'w:1')}    build: .\n` },
      ['w:1'],
      [],
    ],
  ])('%s', async (_name, files, images, notes) =>
    expect(await read(files)).toEqual({ images, notes, errors: [] }),
  );

  it.each([
    ['a missing file', 'include: [gone.yaml]\n', 'include gone.yaml not read: no such file'],
    [
      'a file outside',
      'include: [../secret.yaml]\n',
      'include ../secret.yaml not read: it is outside the folder of the input',
    ],
    [
      'a link to a file outside',
      'include: [link.yaml]\n',
      'include link.yaml not read: it is outside the folder of the input',
    ],
    ['a folder', 'include: [sub]\n', 'include sub not read: not a regular file'],
    ['an absolute path', 'include: [/etc/hostname]\n', 'include /etc/hostname not read: '],
    ['a URL', 'include: ["https://127.0.0.1:9/c.yaml"]\n', 'not read: files on the network are not fetched'],
    ['an artifact', 'include: ["oci://example.com/c"]\n', 'not read: files on the network are not fetched'],
    [
      'a base outside',
      'services: {a: {extends: {service: x, file: ../secret.yaml}}}\n',
      'extends ../secret.yaml not read',
    ],
  ])('%s is not read, which is an error', async (_name, text, message) => {
    await writeFile(join(parent, 'secret.yaml'), service('x', 'secret:1'));
    await symlink('../secret.yaml', join(folder, 'link.yaml'));
    await mkdir(join(folder, 'sub'));
    const { images, errors } = await read({ 'compose.yaml': text }, ['compose.yaml']);
    expect(images).toEqual([]);
    expect(errors).toEqual([expect.stringContaining(message)]);
  });

  it('a link from .env to a file outside is not followed', async () => {
    await writeFile(join(parent, 'secret.env'), 'T=secret');
    await symlink('../secret.env', join(folder, '.env'));
    expect((await read({ 'compose.yaml': service('a', 'a:${T}') })).images).toEqual(['a:${T} ?']);
  });

  it('a missing env file of the options is an error', () =>
    expect(
      read({ 'compose.yaml': service('a', 'a:1') }, ['.'], { envFiles: [join(folder, 'gone.env')] }),
    ).rejects.toMatchObject({ code: 'INPUT' }));

  it('a thousand services that extend each other are read in bounded time', async () => {
    const services = Array.from({ length: 1000 }, (_, at) => `  s${at}: {extends: s${at + 1}}\n`);
    const { images } = await read({
      'compose.yaml': `services:\n${services.join('')}  s1000: {image: "a:1"}\n`,
    });
    expect(images.length).toBeGreaterThan(0);
  });

  it.each([
    ['services of one name that extend each other', '  a: {extends: b}\n  b: {extends: a}\n'],
    ['services that extend themselves', '  a: {extends: a}\n'],
  ])('many %s are read in linear time', async (_name, pair) => {
    const text = `services:\n${pair.repeat(2000)}  c: {image: "c:1"}\n`;
    expect((await read({ 'compose.yaml': text })).images).toEqual(['c:1']);
  });
});
