import { type Fetcher, type FetchRequest, fourAtATime, layoutTag, type Pusher, tar } from './peer.ts';

const common = {
  program: 'crane',
  origin: { go: 'github.com/google/go-containerregistry/cmd/crane' },
  version: ['version'],
};

/** Pulls in docker's archive format, straight into one file. */
export const crane: Fetcher = {
  ...common,
  name: 'crane',
  keepsManifests: false,
  fetch: request => [`crane pull --insecure ${references(request)} ${request.file}`],
};

/** Does the same with its layer cache, for rebuilds. */
export const craneCached: Fetcher = {
  ...common,
  name: 'crane, cached',
  keepsManifests: false,
  fetch: request => [
    `crane pull --insecure -c ${request.folder}/cache ${references(request)} ${request.file}`,
  ],
};

/** Pulls into an OCI layout, with concurrent layers. */
export const craneLayout: Fetcher & Pusher = {
  ...common,
  name: 'crane, OCI',
  keepsManifests: true,
  fetch: request => [
    `crane pull --insecure --format=oci --annotate-ref ${references(request)} ${request.folder}/layout`,
    tar(`${request.folder}/layout`, request.file),
  ],
  // crane pushes a single image of a layout only if the layout has no other.
  pull: ({ host, names, folder }) =>
    names.map(
      name => `crane pull --insecure --format=oci ${host}/${name} ${folder}/crane-${layoutTag(name)}`,
    ),
  push: ({ folder, host, names, tls }) => [
    fourAtATime(
      names.map(
        name => `crane push ${tls ? '' : '--insecure'} ${folder}/crane-${layoutTag(name)} ${host}/${name}`,
      ),
    ),
  ],
};

function references({ host, names }: FetchRequest): string {
  return names.map(name => `${host}/${name}`).join(' ');
}
