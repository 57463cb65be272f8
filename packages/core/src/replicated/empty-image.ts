import { type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { MemoryStore } from '../store/memory-store.ts';

/** The well-known empty layer: an empty tar, compressed. Docker refuses images without layers. */
const LAYER = 'H4sIAAAJbogA/2IYBaNgFIxYAAgAAP//Lq+17wAEAAA=';
const DIFF_ID = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** The image that takes the place of a retired one. Its bytes never change, so its digest tells that a tag is retired. */
export interface EmptyImage {
  readonly manifest: RawManifest;
  /** Has the image under its digest. */
  readonly store: MemoryStore;
}

/** Makes the empty image. */
export async function emptyImage(): Promise<EmptyImage> {
  const store = new MemoryStore();
  const rootfs = { type: 'layers', diff_ids: [DIFF_ID] };
  const config = store.addBlob(
    json({ architecture: 'amd64', os: 'linux', config: {}, rootfs, history: [{ comment: 'retired' }] }),
    MediaType.dockerConfig,
  );
  const layer = store.addBlob(Buffer.from(LAYER, 'base64'), MediaType.dockerLayerGzip);
  const mediaType = MediaType.dockerManifest;
  const manifest = rawManifest(json({ schemaVersion: 2, mediaType, config, layers: [layer] }), mediaType);
  await store.putManifest(manifest);
  return { manifest, store };
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
