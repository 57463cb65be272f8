import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { sha256, tarOf } from './images/image.ts';

/** An entry of a test archive: a file unless it has a type. */
export interface ArchiveFile {
  readonly name: string;
  readonly content?: Buffer | string;
  readonly type?: 'directory' | 'symlink' | 'link' | 'fifo';
  readonly linkname?: string;
}

/** The folder entry that KOTS looks for. */
export const IMAGES_FOLDER: ArchiveFile = { name: 'images', type: 'directory' };

/** An `airgap.yaml`. */
export function documentOf(spec: object): ArchiveFile {
  const document = { apiVersion: 'kots.io/v1beta1', kind: 'Airgap', spec };
  return { name: 'airgap.yaml', content: JSON.stringify(document) };
}

/** The tar of a `.airgap`. */
export async function airgapTar(files: readonly ArchiveFile[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content = '', type, linkname } of files) {
    const header = { name, mtime: new Date(0), ...(type && { type }), ...(linkname && { linkname }) };
    tar.entry(header, content as Buffer);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A compressed `.airgap`. */
export async function airgapOf(files: readonly ArchiveFile[]): Promise<Buffer> {
  return gzipSync(await airgapTar(files), { level: 1 });
}

/** What `docker save` wrote before docker 25. */
export interface DockerSave {
  readonly bytes: Buffer;
  /** The digest of the config. */
  readonly imageId: string;
}

/** A docker archive of an image with these layers. */
export async function dockerSave(
  layers: readonly string[],
  { images = 1, early = false, extra = '' } = {},
): Promise<DockerSave> {
  const contents = await Promise.all(layers.map(layer => tarOf([{ name: layer, content: layer }])));
  const rootfs = { type: 'layers', diff_ids: contents.map(sha256) };
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs, extra });
  const image = (number: number) => ({
    Config: number === 0 ? 'config.json' : 'other.json',
    RepoTags: [`other/name:${number}`],
    Layers: layers.map((_, at) => `${at}/layer.tar`),
  });
  const manifest = {
    name: 'manifest.json',
    content: JSON.stringify(Array.from({ length: images }, (_, number) => image(number))),
  };
  const files = [
    ...contents.map((content, at) => ({ name: `${at}/layer.tar`, content })),
    { name: 'config.json', content: config },
    { name: 'other.json', content: `${config} ` },
  ];
  const bytes = await tarOf(early ? [manifest, ...files] : [...files, manifest]);
  return { bytes, imageId: sha256(Buffer.from(config)) };
}
