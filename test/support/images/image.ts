import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** Content by digest. */
type Blobs = Map<string, Buffer>;

/** An image or index, with everything that it refers to. */
export interface TestImage {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
  /** Configs and layers. */
  readonly blobs: Blobs;
  /** The manifests of an index. */
  readonly children: readonly TestImage[];
  readonly platform?: { os: string; architecture: string; variant?: string };
}

export interface TestFile {
  readonly name: string;
  readonly content?: Buffer | string;
  readonly mode?: number;
  readonly linkname?: string;
}

/** A layer as a registry serves it, and the digest of its uncompressed content. */
export interface TestLayer {
  readonly bytes: Buffer;
  readonly diffId: string;
}

/** A layer that exists in its registry only. */
export interface RemoteLayer {
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly diffId: string;
}

const TYPES = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

export interface ImageOptions {
  readonly layers: readonly (TestLayer | RemoteLayer)[];
  readonly types?: keyof typeof TYPES;
  readonly platform?: { os: string; architecture: string; variant?: string };
  /** The command of a container. */
  readonly cmd?: readonly string[];
  /** The build steps in the history, one for each layer. */
  readonly steps?: readonly string[];
  /** The compression of the layers. Default gzip. */
  readonly compression?: 'gzip' | 'none';
  /** The diff IDs in the config; only for a config that does not match the layers. */
  readonly diffIds?: readonly string[];
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A reproducible tar of files. */
export async function tarOf(files: readonly TestFile[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content = '', mode = 0o644, linkname } of files) {
    const common = { name, mode, mtime: new Date(0) };
    if (linkname !== undefined) tar.entry({ ...common, type: 'symlink', linkname });
    else if (name.endsWith('/')) tar.entry({ ...common, type: 'directory' });
    else tar.entry(common, content as Buffer);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A gzipped layer of files. */
export async function layerOf(files: readonly TestFile[]): Promise<TestLayer> {
  const bytes = await tarOf(files);
  return { bytes: gzipSync(bytes, { level: 1 }), diffId: sha256(bytes) };
}

/** A layer with one file of incompressible bytes, reproducible by seed. */
export async function noiseLayer(seed: string, size: number): Promise<TestLayer> {
  const parts: Buffer[] = [];
  for (let at = 0; at * 32 < size; at += 1) parts.push(createHash('sha256').update(`${seed} ${at}`).digest());
  return layerOf([{ name: `noise-${seed}`, content: Buffer.concat(parts).subarray(0, size) }]);
}

/** A layer of incompressible bytes that are not a tar, for tests that only transfer them. */
export function noiseOf(seed: number, size: number): TestLayer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const bytes = cipher.update(Buffer.alloc(size));
  return { bytes, diffId: sha256(bytes) };
}

/** An image of these layers. */
export function imageOf({
  layers,
  types = 'oci',
  platform = { os: 'linux', architecture: 'amd64' },
  cmd,
  steps = layers.map(() => 'test'),
  compression = 'gzip',
  diffIds = layers.map(({ diffId }) => diffId),
}: ImageOptions): TestImage {
  const media = TYPES[types];
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      created: '1970-01-01T00:00:00Z',
      config: cmd ? { Cmd: cmd, Env: ['PATH=/bin:/usr/bin'] } : {},
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: steps.map(step => ({ created: '1970-01-01T00:00:00Z', created_by: step })),
    }),
  );
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const layerType = compression === 'gzip' ? media.layer : media.layer.replace(/[.+]gzip$/, '');
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: media.manifest,
      config: descriptor(media.config, config),
      layers: layers.map(layer =>
        'bytes' in layer
          ? descriptor(layerType, layer.bytes)
          : { mediaType: layerType, digest: layer.digest, size: layer.size },
      ),
    }),
  );
  const blobs: Blobs = new Map(
    [config, ...layers.flatMap(layer => ('bytes' in layer ? [layer.bytes] : []))].map(bytes => [
      sha256(bytes),
      bytes,
    ]),
  );
  return {
    mediaType: media.manifest,
    digest: sha256(manifest),
    bytes: manifest,
    blobs,
    children: [],
    platform,
  };
}

export interface ArtifactOptions {
  /** The image that it refers to. */
  readonly subject: TestImage;
  /** Default: none; the media type of the config counts. */
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

/** An artifact that refers to an image, such as an SBOM. */
export function artifactOf({ subject, artifactType, annotations }: ArtifactOptions): TestImage {
  const config = Buffer.from('{}');
  const subjectDescriptor = ({ mediaType, digest, bytes }: TestImage) => ({
    mediaType,
    digest,
    size: bytes.length,
  });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.oci.manifest,
      artifactType,
      config: {
        mediaType: 'application/vnd.test.config.v1+json',
        digest: sha256(config),
        size: config.length,
      },
      layers: [],
      subject: subjectDescriptor(subject),
      annotations,
    }),
  );
  const blobs: Blobs = new Map([[sha256(config), config]]);
  return { mediaType: TYPES.oci.manifest, digest: sha256(bytes), bytes, blobs, children: [] };
}

/** A signature as cosign creates it: its config is an image config, its layers are not tars. */
export function signatureOf(subject: TestImage): TestImage {
  const payload = Buffer.from(
    JSON.stringify({ critical: { image: { 'docker-manifest-digest': subject.digest } } }),
  );
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      os: '',
      created: '0001-01-01T00:00:00Z',
      config: {},
      rootfs: { type: 'layers', diff_ids: [sha256(payload)] },
    }),
  );
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const layer = descriptor('application/vnd.dev.cosign.simplesigning.v1+json', payload);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.oci.manifest,
      config: descriptor(TYPES.oci.config, config),
      layers: [{ ...layer, annotations: { 'dev.cosignproject.cosign/signature': 'c2lnbmF0dXJl' } }],
    }),
  );
  const blobs: Blobs = new Map([config, payload].map(bytes => [sha256(bytes), bytes]));
  return { mediaType: TYPES.oci.manifest, digest: sha256(bytes), bytes, blobs, children: [] };
}

/** An attestation as docker buildx adds it to the index of an image. */
export async function attestationOf({ digest }: TestImage) {
  const platform = { os: 'unknown', architecture: 'unknown' };
  const annotations = {
    'vnd.docker.reference.digest': digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  return {
    ...imageOf({ layers: [await noiseLayer(`attestation of ${digest}`, 100)], platform }),
    annotations,
  };
}

/** An index over images or other indexes. */
export function indexOf(
  children: readonly (TestImage & { annotations?: Record<string, string>; artifactType?: string })[],
  types: keyof typeof TYPES = 'oci',
): TestImage {
  const mediaType = TYPES[types].index;
  const manifests = children.map(({ mediaType, digest, bytes, platform, annotations, artifactType }) => ({
    mediaType,
    digest,
    size: bytes.length,
    platform,
    annotations,
    artifactType,
  }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return { mediaType, digest: sha256(bytes), bytes, blobs: new Map(), children };
}

/** An image and all manifests that it refers to, children first. */
export function flatten(image: TestImage): TestImage[] {
  return [...image.children.flatMap(flatten), image];
}
