import { describe, expect, it } from 'vitest';
import {
  entriesOf,
  entryLike,
  joinEntries,
  type TarEntry,
  withEntry,
} from '../../../../test/support/bundle.ts';
import { artifactOf, imageOf, indexOf, noiseOf } from '../../../../test/support/images/image.ts';
import { bundleOf } from '../../../../test/support/memory-bundle.ts';
import { Layout } from '../layout/layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { digestHex, digestOf } from '../oci/digest.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { checkBlobs } from './blob-check.ts';
import { checkDocuments } from './document-check.ts';
import { checkNames } from './name-check.ts';
import type { Problem } from './problem.ts';
import { ReferenceCheck } from './reference-check.ts';
import { checkTar } from './tar-check.ts';

const layers = [1, 2, 3].map(seed => noiseOf(seed, 700 + seed));
const image = imageOf({ layers, compression: 'none' });
const arm = imageOf({
  layers: layers.slice(1),
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const sbom = artifactOf({ subject: image });
const bundle = bundleOf({ 'team/app:1': indexOf([image, arm]), 'team/app:2': image, 'team/app:sbom': sbom });
const NAME = 'registry.test/team/app:2';

/** The problems of a tar, as text: `ENTRY: MESSAGE`, the digits of blobs shortened. */
async function problemsOf(tar: Buffer): Promise<string[]> {
  const problems: Problem[] = [];
  const bytes = new MemoryBytes(tar, 'bundle.tar');
  const layout = new Layout(new TarFiles(bytes, await checkTar(bytes, problems)));
  await checkBlobs(layout, problems, () => {}, undefined);
  const names = await layout.names();
  checkNames(layout, names, problems);
  await checkDocuments(layout, names, problems);
  await new ReferenceCheck(layout, problems).check(names);
  return problems.map(({ entry, message }) => `${entry ?? 'bundle'}: ${message}`);
}

const pathOf = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;

function swapped(entries: TarEntry[], a: number, b: number): TarEntry[] {
  const copy = [...entries];
  [copy[a], copy[b]] = [copy[b] as TarEntry, copy[a] as TarEntry];
  return copy;
}

/** Inserts a blob among the layers, which are the last entries, at its place in the order. */
function inserted(entries: TarEntry[], blob: TarEntry): TarEntry[] {
  const tail = entries.slice(-layers.length);
  const sorted = [...tail, blob].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...entries.slice(0, -layers.length), ...sorted];
}

function changed(tar: Buffer, at: number): Buffer {
  const copy = Buffer.from(tar);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Changes a field of the first descriptor in `index.json`. */
const withDescriptor = (change: (descriptor: Record<string, unknown>) => object) => (tar: Buffer) =>
  withEntry(tar, 'index.json', text => {
    const index = JSON.parse(text);
    const at = index.manifests.findIndex((each: { annotations: object }) =>
      Object.values(each.annotations).includes(NAME),
    );
    index.manifests[at] = change(index.manifests[at]);
    return JSON.stringify(index);
  });
const withName = (name: string | undefined, other = name) =>
  withDescriptor(({ annotations: _, ...rest }) => ({
    ...rest,
    ...(name
      ? { annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': other } }
      : {}),
  }));
const edit = (name: string, change: (text: string) => string) => (tar: Buffer) =>
  withEntry(tar, name, change);
const reorder = (change: (entries: TarEntry[]) => TarEntry[]) => (tar: Buffer) =>
  joinEntries(change(entriesOf(tar)));
const ORDER = 'bundle: the entries are not in canonical order';

it('finds nothing wrong in a bundle', async () => expect(await problemsOf(await bundle)).toEqual([]));

describe('finds exactly that', () => {
  const extra = Buffer.from('{"extra":true}');
  const extraPath = `blobs/sha256/${digestHex(digestOf(extra))}`;
  it.each<[string, (tar: Buffer) => Buffer, readonly (string | RegExp)[]]>([
    ['two layers are out of order', reorder(all => swapped(all, all.length - 1, all.length - 2)), [ORDER]],
    ['two manifests are out of order', reorder(all => swapped(all, 3, 4)), [ORDER]],
    ['a document is out of order', reorder(all => swapped(all, 0, 1)), [ORDER]],
    [
      'there is a blob that no image needs',
      reorder(all => inserted(all, entryLike(all[3] as TarEntry, extraPath, extra))),
      [/^blobs\/sha256\/\w+: unreferenced blob$/],
    ],
    [
      'a layer is missing',
      reorder(all => all.filter(({ name }) => name !== pathOf(layers[0]?.diffId ?? ''))),
      // What several names share is reported once.
      [/which registry.test\/team\/app:1 needs, is missing$/],
    ],
    [
      'a layer has another byte',
      tar => changed(tar, tar.indexOf(layers[0]?.bytes ?? '')),
      [/^blobs\/sha256\/\w+: digest mismatch: expected sha256:\w+, got sha256:\w+$/],
    ],
    [
      'a padding has a byte',
      tar => changed(tar, tar.indexOf(layers[0]?.bytes ?? '') + 702),
      [/^blobs\/sha256\/\w+: non-zero bytes in the padding$/],
    ],
    [
      'the end has a byte',
      tar => changed(tar, tar.length - 1),
      ['bundle: non-zero bytes in the end-of-archive marker'],
    ],
    [
      'the end lacks a block',
      tar => tar.subarray(0, -512),
      ['bundle: the end-of-archive marker lacks 512 bytes'],
    ],
    [
      'there are bytes after the end',
      tar => Buffer.concat([tar, Buffer.alloc(7)]),
      ['bundle: 7 unexpected bytes after the end of the tar'],
    ],
    [
      'an entry is there twice',
      reorder(all => [...all, all.at(-1) as TarEntry]),
      [/^blobs\/sha256\/\w+: duplicate entry: readers disagree on which one counts$/],
    ],
    [
      'there is another file',
      reorder(all => [...all, entryLike(all[0] as TarEntry, 'readme', extra)]),
      ['readme: unexpected entry: neither a blob nor a document of a bundle'],
    ],
    [
      'the layout has another version',
      edit('oci-layout', text => text.replace('1.0.0', '1.1.0')),
      ['oci-layout: expected image layout version 1.0.0'],
    ],
    [
      'a document is written differently',
      edit('oci-layout', text => `${text} `),
      ['oci-layout: expected exactly {"imageLayoutVersion":"1.0.0"}'],
    ],
    [
      'the index has another key',
      edit('index.json', text => text.replace('{', '{"x":1,')),
      ['index.json: unexpected keys: x'],
    ],
    [
      'the index lacks its media type',
      edit('index.json', text => text.replace('"mediaType":"application/vnd.oci.image.index.v1+json",', '')),
      ['index.json: mediaType is missing'],
    ],
    [
      'the name annotations disagree',
      withName(NAME, 'registry.test/team/app:3'),
      [/^index.json: sha256:\w+: name annotations disagree$/],
    ],
    [
      'a name is not canonical',
      withName('team/app:2'),
      ['index.json: the name team/app:2 is not canonical: expected docker.io/team/app:2'],
    ],
    [
      'a name is there twice',
      withName('registry.test/team/app:1'),
      [/duplicate name registry.test\/team\/app:1/],
    ],
    ['a name is invalid', withName('registry.test/TEAM'), [/^index.json: .*TEAM/]],
    ['an image has no name', withName(undefined), [/^index.json: sha256:\w+ has no name$/]],
    [
      'the platform is another one',
      withDescriptor(descriptor => ({ ...descriptor, platform: { os: 'linux', architecture: 's390x' } })),
      [`index.json: ${NAME}: platform mismatch: expected linux/s390x, got linux/amd64`],
    ],
    [
      'the media type is another one',
      withDescriptor(descriptor => ({
        ...descriptor,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      })),
      [/media type mismatch: expected application\/vnd.docker.*, got application\/vnd.oci/],
    ],
    [
      'a manifest has another size',
      withDescriptor(descriptor => ({ ...descriptor, size: 5 })),
      [/has \d+ bytes, expected 5$/, /size mismatch: expected 5 bytes/],
    ],
    [
      'a name is missing for docker',
      edit('manifest.json', text =>
        text
          .replace(`"${NAME}"`, '')
          .replace(',]', ']')
          .replace('[,', '[')
          .replace('"RepoTags":[]', '"RepoTags":null'),
      ),
      [`manifest.json: the name ${NAME} is missing`],
    ],
    [
      'a name for docker does not exist',
      edit('manifest.json', text => text.replace(NAME, 'registry.test/team/app:7')),
      [
        /^manifest.json: the name registry.test\/team\/app:7 is not in index.json$/,
        `manifest.json: the name ${NAME} is missing`,
      ],
    ],
    [
      'docker gets another order of layers',
      edit('manifest.json', text => text.replace(/"Layers":\["([^"]+)","([^"]+)"/, '"Layers":["$2","$1"')),
      [/does not match its manifest$/],
    ],
    [
      'there is no list for docker',
      edit('manifest.json', () => '{}'),
      ['manifest.json: not a list of images'],
    ],
  ])('%s', async (_name, damage, expected) => {
    const problems = await problemsOf(damage(await bundle));
    const matchers = expected.map(each => (typeof each === 'string' ? each : expect.stringMatching(each)));
    expect(problems.filter(problem => !isConsequence(problem, expected))).toEqual(matchers);
  });
});

/** A change of names also changes what docker's list must have. */
function isConsequence(problem: string, expected: readonly (string | RegExp)[]): boolean {
  return problem.startsWith('manifest.json') && !expected.some(each => String(each).includes('manifest'));
}
