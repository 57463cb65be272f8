import { type Delivery, fourAtATime, layoutTag, type Order, type Peer, tar } from './peer.ts';

const common = {
  program: 'crane',
  origin: { go: 'github.com/google/go-containerregistry/cmd/crane' },
  version: ['version'],
};

/** In docker's form, straight into the one file. */
export const crane: Peer = {
  ...common,
  name: 'crane',
  keepsManifests: false,
  fetch: order => [`crane pull --insecure ${references(order)} ${order.file}`],
};

/** The same with its cache of layers, for whoever fetches again. */
export const craneCached: Peer = {
  ...common,
  name: 'crane, cached',
  keepsManifests: false,
  fetch: order => [`crane pull --insecure -c ${order.folder}/cache ${references(order)} ${order.file}`],
};

/** As an OCI layout, whose layers it fetches and pushes several at a time. */
export const craneLayout: Peer = {
  ...common,
  name: 'crane, OCI',
  keepsManifests: true,
  fetch: order => [
    `crane pull --insecure --format=oci --annotate-ref ${references(order)} ${order.folder}/layout`,
    tar(`${order.folder}/layout`, order.file),
  ],
  // It pushes one image of a layout only when there is no other.
  stow: ({ host, names, folder }: Order) =>
    names.map(
      name => `crane pull --insecure --format=oci ${host}/${name} ${folder}/crane-${layoutTag(name)}`,
    ),
  push: ({ folder, host, names }: Delivery) => [
    fourAtATime(
      names.map(name => `crane push --insecure ${folder}/crane-${layoutTag(name)} ${host}/${name}`),
    ),
  ],
};

function references({ host, names }: Order): string {
  return names.map(name => `${host}/${name}`).join(' ');
}
