import { fourAtATime, layoutTag, type Order, type Peer, tar } from './peer.ts';

const COPY = 'skopeo --insecure-policy copy --quiet --preserve-digests';
const FROM = `${COPY} --src-tls-verify=false`;

const common = {
  program: 'skopeo',
  origin: { debian: 'skopeo' },
  version: ['--version'],
  keepsManifests: true,
};

/** One image after another into one layout: at the same time they would overwrite its index. */
export const skopeo: Peer = {
  ...common,
  name: 'skopeo',
  fetch: order => [...copies(order), tar(`${order.folder}/layout`, order.file)],
  stow: copies,
  push: ({ folder, host, names }) => [
    fourAtATime(
      names.map(
        name =>
          `${COPY} --dest-tls-verify=false oci:${folder}/layout:${layoutTag(name)} docker://${host}/${name}`,
      ),
    ),
  ],
};

/** Four at a time, each image a layout of its own on one folder of blobs. */
export const skopeoFour: Peer = {
  ...common,
  name: 'skopeo, 4 at a time',
  fetch: ({ host, names, folder, file }) => [
    `mkdir -p ${folder}/layout/images`,
    fourAtATime(
      names.map(
        name =>
          `${FROM} --dest-shared-blob-dir ${folder}/layout/blobs docker://${host}/${name} oci:${folder}/layout/images/${layoutTag(name)}:1`,
      ),
    ),
    tar(`${folder}/layout`, file),
  ],
};

function copies({ host, names, folder }: Order): string[] {
  return names.map(name => `${FROM} docker://${host}/${name} oci:${folder}/layout:${layoutTag(name)}`);
}
