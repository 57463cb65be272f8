import { gzipSync } from 'node:zlib';
import { blobPath } from '../../packages/core/src/layout/documents.ts';
import type { Digest } from '../../packages/core/src/oci/digest.ts';
import { encodeHeader } from '../../packages/core/src/tar/header.ts';
import { sha256, type TestLayer, tarOf } from './images/image.ts';

/** Changes a text; the digests of what refers to it follow. */
type Change = (text: string, parts: Parts) => string;

/** What a crafted bundle may refer to. */
export interface Parts {
  /** Its image name. */
  readonly name: string;
  readonly layers: readonly TestLayer[];
  /** A layer that no honest reader unpacks. */
  readonly evil: TestLayer;
  /** The manifest and config of an image with that layer, and their descriptors as JSON. */
  readonly evilManifest: Buffer;
  readonly evilDescriptor: string;
  readonly evilConfig: Buffer;
  /** The descriptor of the manifest, as JSON; empty before it is known. */
  readonly manifestDescriptor: string;
}

/** What differs from a bundle as a build writes it. */
export interface Crafting {
  /** Changes the bytes or the diff ID of both layers. */
  readonly layer?: (layer: TestLayer) => TestLayer;
  /** The media type of the layers. Default: gzip. */
  readonly layerType?: string;
  readonly layout?: string;
  readonly config?: Change;
  readonly manifest?: Change;
  /** Makes the root an index. */
  readonly index?: (parts: Parts) => string;
  readonly indexJson?: Change;
  readonly dockerManifest?: Change;
  /** Other blobs, which some text refers to. */
  readonly blobs?: (parts: Parts) => readonly Buffer[];
  /** Changes the names and contents of all entries. */
  readonly entries?: (entries: readonly CraftedEntry[]) => readonly CraftedEntry[];
  readonly tar?: (tar: Buffer) => Buffer;
}

export interface CraftedEntry {
  readonly name: string;
  readonly content: Buffer;
}

export interface CraftedBundle {
  readonly tar: Buffer;
  readonly name: string;
  /** What an honest reader finds: the digests of the layers, uncompressed, and their files. */
  readonly layers: readonly string[];
  readonly diffIds: readonly string[];
  readonly files: readonly string[];
}

export const TYPES = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  uncompressed: 'application/vnd.oci.image.layer.v1.tar',
  dockerUncompressed: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

export const AMD64 = { architecture: 'amd64', os: 'linux' };

/** Makes a bundle whose only fault is the crafted one. @param id makes its name and its layers unique */
export async function craftBundle(id: string, crafting: Crafting): Promise<CraftedBundle> {
  const files = [`one-${id}`, `two-${id}`];
  const [one, two, evil] = await Promise.all([...files, `evil-${id}`].map(layerWith));
  const { layer = made => made, layerType = TYPES.layer } = crafting;
  const layers = ([one, two] as TestLayer[]).map(layer);
  const name = `registry.test/team/${id}:1`;
  let parts: Parts = {
    name,
    layers,
    evil: evil as TestLayer,
    manifestDescriptor: '',
    ...evilImage(evil as TestLayer),
  };
  const apply = (change: Change | undefined, text: string) =>
    Buffer.from(change ? change(text, parts) : text, 'latin1');

  const config = apply(crafting.config, configOf(layers));
  const manifest = apply(crafting.manifest, manifestOf(config, layers, layerType));
  parts = { ...parts, manifestDescriptor: descriptorText(TYPES.manifest, manifest, AMD64) };
  const index: Buffer | undefined = crafting.index && Buffer.from(crafting.index(parts));
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
  const root = index
    ? { ...descriptor(TYPES.index, index), annotations }
    : { ...descriptor(TYPES.manifest, manifest), platform: AMD64, annotations };
  const indexJson = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [root] });
  const dockerManifest = JSON.stringify([dockerEntry(config, layers, name, layerType)]);
  const texts: (Buffer | string)[] = [
    config,
    manifest,
    index ?? '',
    apply(crafting.indexJson, indexJson),
    apply(crafting.dockerManifest, dockerManifest),
  ];
  const others = [...(crafting.blobs?.(parts) ?? [])];
  const isUsed = (bytes: Buffer) =>
    [...texts, ...others].some(text => String(text).includes(sha256(bytes).slice(7)));
  const evils = { manifest: parts.evilManifest, config: parts.evilConfig, layer: parts.evil.bytes };
  if (isUsed(evils.manifest)) texts.push(evils.manifest);
  const entries: CraftedEntry[] = [
    { name: 'oci-layout', content: Buffer.from(crafting.layout ?? '{"imageLayoutVersion":"1.0.0"}') },
    { name: 'index.json', content: texts[3] as Buffer },
    { name: 'manifest.json', content: texts[4] as Buffer },
    ...sorted([
      manifest,
      ...(index ? [index] : []),
      ...[evils.manifest, ...others].filter(isManifest).filter(isUsed),
    ]),
    ...sorted([config, ...[evils.config, ...others.filter(isConfig)].filter(isUsed)]),
    ...sorted([...layers.map(({ bytes }) => bytes), ...[evils.layer].filter(isUsed)]),
  ];
  const tar = tarOfEntries(crafting.entries?.(entries) ?? entries);
  return {
    tar: crafting.tar?.(tar) ?? tar,
    name,
    layers: layers.map(({ bytes }) => sha256(bytes)),
    diffIds: layers.map(({ diffId }) => diffId),
    files,
  };
}

async function layerWith(file: string): Promise<TestLayer> {
  const bytes = await tarOf([{ name: file, content: file }]);
  return { bytes: Buffer.from(gzipSync(bytes, { level: 1 })), diffId: sha256(bytes) };
}

function evilImage(evil: TestLayer): Pick<Parts, 'evilManifest' | 'evilConfig' | 'evilDescriptor'> {
  const evilConfig = Buffer.from(configOf([evil]));
  const evilManifest = Buffer.from(manifestOf(evilConfig, [evil]));
  return { evilConfig, evilManifest, evilDescriptor: descriptorText(TYPES.manifest, evilManifest, AMD64) };
}

export function configOf(layers: readonly TestLayer[]): string {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  return JSON.stringify({ ...AMD64, config: { Cmd: ['/x'] }, rootfs });
}

export function manifestOf(
  config: Buffer,
  layers: readonly TestLayer[],
  layerType: string = TYPES.layer,
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: descriptor(TYPES.config, config),
    layers: layers.map(({ bytes }) => descriptor(layerType, bytes)),
  });
}

export function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

export function descriptorText(mediaType: string, bytes: Buffer, platform?: object): string {
  return JSON.stringify({ ...descriptor(mediaType, bytes), platform });
}

export function dockerEntry(
  config: Buffer,
  layers: readonly TestLayer[],
  name: string,
  layerType: string = TYPES.layer,
): object {
  return {
    Config: pathOf(config),
    RepoTags: [name],
    Layers: layers.map(({ bytes }) => pathOf(bytes)),
    LayerSources: Object.fromEntries(
      layers.map(({ bytes, diffId }) => [diffId, descriptor(layerType, bytes)]),
    ),
  };
}

function pathOf(bytes: Buffer): string {
  return blobPath({ digest: sha256(bytes) as Digest });
}

function isManifest(bytes: Buffer): boolean {
  return bytes.subarray(0, 20).includes('schemaVersion');
}

function isConfig(bytes: Buffer): boolean {
  return bytes.subarray(0, 20).includes('architecture');
}

/** Each once, by digest. */
function sorted(blobs: readonly Buffer[]): CraftedEntry[] {
  const byName = new Map(blobs.map(content => [pathOf(content), content]));
  return [...byName].map(([name, content]) => ({ name, content })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function tarOfEntries(entries: readonly CraftedEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content }) => [
    encodeHeader(name, content.length, 0),
    content,
    Buffer.alloc(-content.length & 511),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
