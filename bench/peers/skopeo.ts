import { type Fetcher, type FetchRequest, fourAtATime, layoutTag, type Pusher, tar } from './peer.ts';

const COPY = 'skopeo --insecure-policy copy --quiet --preserve-digests';
const FROM = `${COPY} --src-tls-verify=false`;

const common = {
  program: 'skopeo',
  origin: { debian: 'skopeo' },
  version: ['--version'],
  keepsManifests: true,
};

/** Copies one image after another into one layout. Concurrent copies would overwrite its index. */
export const skopeo: Fetcher & Pusher = {
  ...common,
  name: 'skopeo',
  fetch: request => [...copies(request), tar(`${request.folder}/layout`, request.file)],
  pull: copies,
  push: ({ folder, host, names, tls }) => [
    fourAtATime(
      names.map(
        name =>
          `${COPY} --dest-tls-verify=${tls} oci:${folder}/layout:${layoutTag(name)} docker://${host}/${name}`,
      ),
    ),
  ],
};

/** Copies four images at a time, each into its own layout, with a shared blob directory. */
export const skopeoFour: Fetcher = {
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

function copies({ host, names, folder }: FetchRequest): string[] {
  return names.map(name => `${FROM} docker://${host}/${name} oci:${folder}/layout:${layoutTag(name)}`);
}
