import { gunzipSync, gzipSync } from 'node:zlib';
import { encodeHeader } from '../../packages/core/src/tar/header.ts';
import {
  AMD64,
  type Crafting,
  configOf,
  descriptor,
  descriptorText,
  dockerEntry,
  manifestOf,
  type Parts,
  TYPES,
} from '../support/crafted-bundle.ts';
import { sha256 } from '../support/images/image.ts';

/** A bundle that some program refuses or reads otherwise, and whether verify says OK. */
export interface CraftedCase extends Crafting {
  readonly title: string;
  readonly verdict: 'OK' | 'FAILED';
  /** Whether only the nightly run gives it to the programs: they read it alike, or as a similar one. */
  readonly nightly?: boolean;
  /** That of verify when it also decompresses the layers. Default: the same. */
  readonly decompressed?: 'OK' | 'FAILED';
}

/** The layer without compression. */
const unzipped: Crafting['layer'] = ({ bytes, diffId }) => ({ bytes: gunzipSync(bytes), diffId });
const withDiffId = (diffId: string) => replace(/"sha256:[0-9a-f]{64}"/, `"${diffId}"`);
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** An entry of a tar that changes the next one: a pax header, or a long name of GNU. */
const special = (type: string, name: string, content: string) => {
  const header = encodeHeader(name, content.length, 0);
  header.write(type, 156, 'latin1');
  header.fill(' ', 148, 156);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc(-content.length & 511)]);
};
const paxPath = (path: string) => {
  const rest = ` path=${path}\n`.length;
  const size = rest + `${rest + 2}`.length;
  return special('x', 'pax', `${size} path=${path}\n`);
};
/** A header with another text in the field of its size. */
const resized = (header: Buffer, field: string) => {
  header.write(field, 124, 'latin1');
  header.fill(' ', 148, 156);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
};
/** Adds an entry before the end of a tar. */
const hiddenIn = (tar: Buffer, entry: Buffer) =>
  Buffer.concat([tar.subarray(0, -1024), entry, tar.subarray(-1024)]);

const ARM64 = { architecture: 'arm64', os: 'linux' };

/** Adds a member at the end of the outermost object. */
const append = (member: string) => (text: string) => text.replace(/\}$/, `,${member}}`);
const replace = (before: string | RegExp, after: string) => (text: string) => {
  const changed = text.replace(before, after);
  if (changed === text) throw new Error(`${before} is not in ${text}`);
  return changed;
};
const evilLayers = ({ evil }: Parts) => `[${descriptorText(TYPES.layer, evil.bytes)}]`;
const named = ({ name, evilManifest }: Parts, more = {}) =>
  JSON.stringify({
    ...descriptor(TYPES.manifest, evilManifest),
    ...more,
    platform: AMD64,
    annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
  });
const indexOf = (...children: string[]) =>
  `{"schemaVersion":2,"mediaType":"${TYPES.index}","manifests":[${children.join()}]}`;
const arm64Image = ({ evil }: Parts) => {
  const config = Buffer.from(configOf([evil]).replace('amd64', 'arm64'));
  const manifest = Buffer.from(manifestOf(config, [evil]));
  return { config, manifest, text: descriptorText(TYPES.manifest, manifest, ARM64) };
};
/** A second name with the config of the first one. */
const sharing = (parts: Parts, type: string) => {
  const config = Buffer.from(configOf(parts.layers));
  const layers = [parts.layers[0], parts.evil] as Parts['layers'];
  return Buffer.from(manifestOf(config, layers).replaceAll(TYPES.layer, type));
};
const withSecondName =
  (manifest: Buffer, { name }: Parts) =>
  (text: string) => {
    const index = JSON.parse(text);
    const other = name.replace(':1', ':2');
    const annotations = { 'io.containerd.image.name': other, 'org.opencontainers.image.ref.name': other };
    const root = { ...descriptor(TYPES.manifest, manifest), platform: AMD64, annotations };
    return JSON.stringify({ ...index, manifests: [...index.manifests, root] });
  };

const failed = (title: string, crafting: Crafting): CraftedCase => ({
  title,
  verdict: 'FAILED',
  ...crafting,
});
const ok = (title: string, crafting: Partial<CraftedCase>): CraftedCase => ({
  title,
  verdict: 'OK',
  ...crafting,
});

export const CASES: readonly CraftedCase[] = [
  ok('nothing', {}),
  ok('an index of two platforms', {
    index: parts => indexOf(parts.manifestDescriptor, arm64Image(parts).text),
    blobs: parts => [arm64Image(parts).manifest, arm64Image(parts).config],
  }),
  ok('an index of one platform', { index: parts => indexOf(parts.manifestDescriptor) }),
  ok('no media type in the manifest', { manifest: replace(`"mediaType":"${TYPES.manifest}",`, '') }),
  ok('an unknown key in the manifest', { manifest: append('"x.y":{"a":1,"A":1.5}') }),
  ok('annotations that differ in case', { manifest: append('"annotations":{"a.b":"1","A.B":"2"}') }),
  ok('a layer with annotations', {
    nightly: true,
    manifest: replace('"layers":[{', '"layers":[{"annotations":{"a":"b"},'),
  }),
  ok('a layer with urls', {
    manifest: replace(/("layers":\[\{)/, '$1"urls":["https://example.test/layer"],'),
  }),
  ok('labels that differ in case', { config: replace('"Cmd":["/x"]', '"Labels":{"a":"1","A":"2"}') }),

  failed('index.json: Manifests after manifests', {
    indexJson: (text, parts) => append(`"Manifests":[${named(parts)}]`)(text),
  }),
  failed('index.json: Manifests before manifests', {
    indexJson: (text, parts) => text.replace('{', `{"Manifests":[${named(parts)}],`),
  }),
  failed('index.json: Manifests instead of manifests', { indexJson: replace('"manifests"', '"Manifests"') }),
  failed('index.json: manifests twice', {
    indexJson: (text, parts) => append(`"manifests":[${named(parts)}]`)(text),
  }),
  failed('index.json: an escaped key', {
    indexJson: (text, parts) => append(`"manifest\\u0073":[${named(parts)}]`)(text),
  }),
  failed('index.json: Digest in a descriptor', {
    indexJson: (text, { evilManifest }) =>
      text.replace('"annotations"', `"Digest":"${descriptor('', evilManifest).digest}","annotations"`),
  }),
  failed('index.json: digest twice', {
    indexJson: (text, { evilManifest }) =>
      text.replace('"annotations"', `"digest":"${descriptor('', evilManifest).digest}","annotations"`),
  }),
  failed('index.json: a size with a fraction', { indexJson: replace(/"size":(\d+)/, '"size":$1.0') }),
  failed('index.json: a size with an exponent', { indexJson: replace(/"size":(\d+)/, '"size":$1e0') }),
  failed('index.json: a size as text', { indexJson: replace(/"size":(\d+)/, '"size":"$1"') }),
  failed('index.json: the size of something else', { indexJson: replace(/"size":(\d+)/, '"size":1$1') }),
  failed('index.json: the media type of docker', {
    indexJson: replace(TYPES.manifest, TYPES.dockerManifest),
  }),
  failed('index.json: another platform', { indexJson: replace('"amd64"', '"arm64"') }),
  failed('index.json: a platform on an index', {
    index: parts => indexOf(parts.manifestDescriptor),
    indexJson: replace('"annotations"', `"platform":${JSON.stringify(ARM64)},"annotations"`),
  }),
  failed('index.json: schemaVersion 1', { indexJson: replace('"schemaVersion":2', '"schemaVersion":1') }),
  failed('index.json: a name annotation twice', {
    indexJson: replace(
      '"io.containerd.image.name"',
      '"io.containerd.image.name":"registry.test/other:1","io.containerd.image.name"',
    ),
  }),
  failed('index.json: names that disagree', {
    indexJson: replace(
      /"org.opencontainers.image.ref.name":"[^"]*"/,
      '"org.opencontainers.image.ref.name":"x"',
    ),
  }),
  failed('index.json: a second document', { indexJson: text => `${text}{}` }),
  failed('index.json: a byte order mark', { indexJson: text => `\xef\xbb\xbf${text}` }),
  failed('index.json: no UTF-8', { indexJson: append('"x":"\xff"') }),

  failed('oci-layout: another version', { layout: '{"imageLayoutVersion":"2.0.0"}' }),
  failed('oci-layout: a key in another case', { layout: '{"ImageLayoutVersion":"1.0.0"}' }),
  failed('oci-layout: the version twice', {
    layout: '{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"9"}',
  }),
  failed('oci-layout: a blank', { layout: '{"imageLayoutVersion": "1.0.0"}' }),
  failed('oci-layout: a line feed', { layout: '{"imageLayoutVersion":"1.0.0"}\n' }),
  failed('oci-layout: another key', { layout: '{"imageLayoutVersion":"1.0.0","x":1}' }),
  failed('oci-layout: empty', { layout: '' }),

  failed('manifest.json: other layers', {
    dockerManifest: (text, { evil, evilConfig, name }) =>
      text ? JSON.stringify([dockerEntry(evilConfig, [evil], name)]) : text,
  }),
  failed('manifest.json: layers in another case', {
    dockerManifest: replace('"Layers"', '"layers":[],"Layers"'),
  }),
  failed('manifest.json: Config twice', { dockerManifest: replace('"RepoTags"', '"Config":"x","RepoTags"') }),
  failed('manifest.json: the layers of another image', {
    dockerManifest: (text, { evil }) =>
      text.replace(
        /"Layers":\[[^\]]*\]/,
        `"Layers":["blobs/sha256/${descriptor('', evil.bytes).digest.slice(7)}"]`,
      ),
  }),
  failed('manifest.json: no list', { dockerManifest: () => '{}' }),
  failed('manifest.json of an archive: other layers', {
    dockerManifest: (text, { evil, evilConfig, name }) =>
      text ? JSON.stringify([dockerEntry(evilConfig, [evil], name)]) : text,
    entries: entries => entries.map(({ name, content }) => ({ name: `./${name}`, content })),
  }),

  failed('a manifest: Layers after layers', {
    manifest: (text, parts) => append(`"Layers":${evilLayers(parts)}`)(text),
  }),
  failed('a manifest: layers twice', {
    manifest: (text, parts) => append(`"layers":${evilLayers(parts)}`)(text),
  }),
  failed('a manifest: a long s in layers', {
    manifest: text => text.replace('"layers"', '"layer\xc5\xbf":[],"layers"'),
  }),
  failed('a manifest: LAYERS instead of layers', { manifest: replace('"layers"', '"LAYERS"') }),
  failed('a manifest: config twice', {
    manifest: (text, { evilConfig }) => append(`"config":${descriptorText(TYPES.config, evilConfig)}`)(text),
  }),
  failed('a manifest: a size with a fraction', { manifest: replace(/"size":(\d+)\}\]/, '"size":$1.0}]') }),
  failed('a manifest: a negative size', { manifest: replace(/"size":(\d+)\}\]/, '"size":-$1}]') }),
  failed('a manifest: Size in a layer', { manifest: replace(/\}\]/, ',"Size":1}]') }),
  failed('a manifest that is an index as well', { manifest: append('"manifests":[]') }),
  failed('a manifest with fsLayers', { manifest: append('"fsLayers":[]') }),
  failed('a manifest with history', { manifest: append('"history":[]') }),
  failed('a manifest whose media type is that of docker', {
    manifest: replace(TYPES.manifest, TYPES.dockerManifest),
  }),
  failed('a manifest: schemaVersion as text', {
    manifest: replace('"schemaVersion":2', '"schemaVersion":"2"'),
  }),
  failed('a manifest: a layer is missing', {
    manifest: replace(
      /"digest":"sha256:[0-9a-f]{64}","size":(\d+)\}\]/,
      `"digest":"sha256:${'0'.repeat(64)}","size":$1}]`,
    ),
  }),
  ok('a manifest: the layers in another order', {
    decompressed: 'FAILED',
    manifest: text => {
      const manifest = JSON.parse(text);
      return JSON.stringify({ ...manifest, layers: manifest.layers.reverse() });
    },
    dockerManifest: text => {
      const [entry] = JSON.parse(text);
      const sources = Object.keys(entry.LayerSources);
      const reversed = Object.values(entry.LayerSources).reverse();
      const LayerSources = Object.fromEntries(sources.map((key, at) => [key, reversed[at]]));
      return JSON.stringify([{ ...entry, Layers: entry.Layers.reverse(), LayerSources }]);
    },
  }),

  ok('layers without compression', { layer: unzipped, layerType: TYPES.uncompressed }),
  failed('a layer without compression that has another diff ID', {
    layer: unzipped,
    layerType: TYPES.uncompressed,
    config: withDiffId(sha256(Buffer.from('other'))),
  }),
  failed('layers with gzip whose type has no compression', { layerType: TYPES.uncompressed }),
  ok('layers without compression whose type has gzip', { layer: unzipped }),
  ok('a layer with gzip that has another diff ID', {
    decompressed: 'FAILED',
    config: withDiffId(sha256(Buffer.from('other'))),
    dockerManifest: text =>
      text.replace(
        /"LayerSources":\{"sha256:[0-9a-f]{64}"/,
        `"LayerSources":{"${sha256(Buffer.from('other'))}"`,
      ),
  }),
  ok('a truncated layer', {
    nightly: true,
    decompressed: 'FAILED',
    layer: ({ bytes, diffId }) => ({ bytes: bytes.subarray(0, -20), diffId }),
  }),
  failed('a config with too many diff_ids', {
    config: replace('"diff_ids":[', `"diff_ids":["${sha256(Buffer.from('other'))}",`),
    dockerManifest: () => '[]',
  }),
  failed('a manifest without layers, and a config with diff_ids', {
    manifest: replace(/"layers":\[.*\]/, '"layers":[]'),
    dockerManifest: () => '[]',
  }),
  ok('a config without rootfs', { config: replace(/,"rootfs":\{.*\}\}/, '}'), dockerManifest: () => '[]' }),
  ok('a config descriptor with other data', {
    nightly: true,
    manifest: replace('"config":{', `"config":{"data":"${Buffer.from('{}').toString('base64')}",`),
  }),
  failed('a layer with a platform', {
    manifest: replace('"layers":[{', '"layers":[{"platform":{"os":"windows","architecture":"arm"},'),
  }),
  ok('a manifest with a subject that is not there', {
    nightly: true,
    manifest: append(
      `"subject":{"mediaType":"${TYPES.manifest}","digest":"sha256:${'1'.repeat(64)}","size":1}`,
    ),
  }),
  failed('a manifest with 10,001 levels', { manifest: append(`"x":${nested(10_001)}`) }),
  failed('a config with 10,001 levels', { config: append(`"x":${nested(10_001)}`) }),
  failed('a manifest: schemaVersion with a fraction', {
    manifest: replace('"schemaVersion":2', '"schemaVersion":2.0'),
  }),
  failed('a config: a time in words', { config: append('"created":"yesterday"') }),
  failed('a config: the environment as text', { config: replace('"Cmd":["/x"]', '"Env":"A=1"') }),
  failed('a config: the command as text', { config: replace('"Cmd":["/x"]', '"Cmd":"/x"') }),
  failed('a config: history that is no list', { config: append('"history":{"created_by":"x"}') }),
  failed('a config: labels that are no texts', { config: replace('"Cmd":["/x"]', '"Labels":{"a":1}') }),
  ok('a config: another type of rootfs', {
    nightly: true,
    config: replace('"type":"layers"', '"type":"other"'),
  }),
  failed('a manifest: annotations that are no texts', { manifest: append('"annotations":{"a":1}') }),
  ok('an index in an index', {
    index: parts =>
      indexOf(JSON.stringify(descriptor(TYPES.index, Buffer.from(indexOf(parts.manifestDescriptor))))),
    blobs: parts => [Buffer.from(indexOf(parts.manifestDescriptor))],
  }),
  ok('an index: a child without a platform', {
    nightly: true,
    index: ({ manifestDescriptor }) => indexOf(manifestDescriptor.replace(/,"platform":\{[^}]*\}/, '')),
  }),
  ok('an index: two children for one platform, of which the first counts', {
    index: parts => indexOf(parts.manifestDescriptor, parts.evilDescriptor),
  }),
  failed('index.json: data in a descriptor', {
    indexJson: replace('"annotations"', '"data":"e30=","annotations"'),
  }),
  failed('index.json: urls in a descriptor', {
    indexJson: replace('"annotations"', '"urls":["https://x.test"],"annotations"'),
  }),
  failed('a pax header that renames an entry', { tar: tar => Buffer.concat([paxPath('index.json'), tar]) }),
  failed('a long name of GNU', {
    tar: tar => Buffer.concat([special('L', '././@LongLink', 'index.json\0'), tar]),
  }),
  ok('a global pax header', {
    tar: tar => Buffer.concat([special('g', 'pax', '21 comment=something\n'), tar]),
  }),
  failed('a global pax header with a name', {
    tar: tar => Buffer.concat([special('g', 'pax', '19 path=index.json\n'), tar]),
  }),
  ok('a pax header of an entry', {
    tar: tar => Buffer.concat([special('x', 'pax', '22 mtime=1732608000.5\n'), tar]),
  }),
  ok('a pax header with the name of its entry', {
    tar: tar => Buffer.concat([paxPath('oci-layout'), tar]),
  }),
  failed('a pax header at the end', {
    tar: tar => Buffer.concat([tar.subarray(0, -1024), paxPath('index.json'), tar.subarray(-1024)]),
  }),
  failed('a directory whose content is an entry', {
    tar: tar => hiddenIn(tar, special('5', 'blobs/', 'x'.repeat(1024))),
  }),
  failed('a file whose size begins with a NUL', {
    tar: tar => hiddenIn(tar, resized(special('0', 'repositories', ''), '\x000000001000')),
  }),
  failed('a name of 200 bytes', {
    tar: tar => Buffer.concat([paxPath(`blobs/${'x'.repeat(200)}`), special('0', 'x', ''), tar]),
  }),
  failed('an index.json after a single zero block', {
    entries: entries => entries.map(({ name, content }) => ({ name: `./${name}`, content })),
    tar: tar => Buffer.concat([tar.subarray(0, -512), special('0', 'index.json', '{}'), tar.subarray(-1024)]),
  }),
  failed('a link', { tar: tar => Buffer.concat([special('2', 'blobs/sha256/link', ''), tar]) }),

  failed('a config: rootfs twice', { config: append('"rootfs":{"type":"layers","diff_ids":[]}') }),
  failed('a config: Rootfs after rootfs', { config: append('"Rootfs":{"type":"layers","diff_ids":[]}') }),
  failed('a config: DIFF_IDS after diff_ids', { config: replace('"diff_ids"', '"DIFF_IDS":[],"diff_ids"') }),
  failed('a config: os twice', { config: append('"os":"windows"') }),
  failed('a config: Architecture after architecture', { config: append('"Architecture":"arm64"') }),
  failed('a config that is not JSON', { config: text => `${text}}` }),
  failed('a config with a list', { config: text => `[${text}]` }),
  failed('a config with too few diff_ids, which is not in manifest.json', {
    config: replace(/,"sha256:[0-9a-f]{64}"\]/, ']'),
    dockerManifest: () => '[]',
  }),
  ok('two images that share a config, with other compressions', {
    // The second layer of the second image is not that of the first one.
    decompressed: 'FAILED',
    blobs: parts => [sharing(parts, TYPES.layer.replace('gzip', 'zstd'))],
    indexJson: (text, parts) =>
      withSecondName(sharing(parts, TYPES.layer.replace('gzip', 'zstd')), parts)(text),
    dockerManifest: (text, parts) => {
      const [first] = JSON.parse(text);
      const manifest = JSON.parse(String(sharing(parts, TYPES.layer.replace('gzip', 'zstd'))));
      const { layers } = manifest as { layers: { digest: string }[] };
      const diffIds = parts.layers.map(({ diffId }) => diffId);
      const second = {
        Config: first.Config,
        RepoTags: [parts.name.replace(':1', ':2')],
        Layers: layers.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`),
        LayerSources: Object.fromEntries(layers.map((layer, at) => [diffIds[at], layer])),
      };
      return JSON.stringify([first, second]);
    },
  }),
  failed('a config with too few diff_ids', { config: replace(/,"sha256:[0-9a-f]{64}"\]/, ']') }),

  failed('an index: a child with the media type of docker', {
    index: ({ manifestDescriptor }) =>
      indexOf(manifestDescriptor.replace(TYPES.manifest, TYPES.dockerManifest)),
  }),
  failed('an index: a child with another size', {
    index: ({ manifestDescriptor }) => indexOf(manifestDescriptor.replace(/"size":/, '"size":1')),
  }),
  failed('an index: Digest in a child', {
    index: ({ manifestDescriptor, evilManifest }) =>
      indexOf(manifestDescriptor.replace(/\}$/, `,"Digest":"${descriptor('', evilManifest).digest}"}`)),
  }),
  failed('an index: a platform twice', {
    index: ({ manifestDescriptor }) => indexOf(manifestDescriptor.replace('"os"', '"os":"windows","os"')),
  }),
  failed('an index: OS in a platform', {
    index: ({ manifestDescriptor }) => indexOf(manifestDescriptor.replace('"os"', '"OS":"windows","os"')),
  }),
  failed('an index: a missing child', {
    index: ({ manifestDescriptor }) =>
      indexOf(
        manifestDescriptor,
        manifestDescriptor.replace(/sha256:[0-9a-f]{64}/, `sha256:${'0'.repeat(64)}`),
      ),
  }),
  failed('an index that is a manifest as well', {
    index: parts => append(`"layers":[]`)(indexOf(parts.manifestDescriptor)),
  }),
  failed('two images that share a config', {
    blobs: parts => [sharing(parts, TYPES.layer)],
    indexJson: (text, parts) => withSecondName(sharing(parts, TYPES.layer), parts)(text),
    dockerManifest: (text, parts) => {
      const [entry] = JSON.parse(text);
      const tags = [parts.name, parts.name.replace(':1', ':2')];
      return JSON.stringify([{ ...entry, RepoTags: tags }]);
    },
  }),

  ok('./ before the names', {
    entries: entries => entries.map(({ name, content }) => ({ name: `./${name}`, content })),
  }),
  failed('a second index.json', {
    entries: entries => [...entries, { name: 'index.json', content: Buffer.from('{}') }],
  }),
  failed('another file', { entries: entries => [...entries, { name: 'x', content: Buffer.from('x') }] }),
  failed('a file above the folder', {
    entries: entries => [...entries, { name: '../x', content: Buffer.from('x') }],
  }),
  failed('bytes after the end', { tar: tar => Buffer.concat([tar, Buffer.from('x')]) }),
  failed('no end', { tar: tar => tar.subarray(0, -1024) }),
  failed('compression', { tar: tar => gzipSync(tar) }),
];
