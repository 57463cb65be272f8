import { type Fetcher, type FetchRequest, fourAtATime, layoutTag, type Pusher, tar } from './peer.ts';

const COPY = 'oras copy --no-tty --concurrency 24';

/** Copies 24 blobs of an image at a time, one image after another into one layout. */
export const oras: Fetcher & Pusher = {
  name: 'oras',
  program: 'oras',
  origin: { go: 'oras.land/oras/cmd/oras' },
  version: ['version'],
  keepsManifests: true,
  fetch: request => [...copies(request), tar(`${request.folder}/layout`, request.file)],
  pull: copies,
  push: ({ folder, host, names, tls }) => [
    fourAtATime(
      names.map(
        name =>
          `${COPY} --from-oci-layout ${tls ? '' : '--to-plain-http'} ${folder}/layout:${layoutTag(name)} ${host}/${name}`,
      ),
    ),
  ],
};

function copies({ host, names, folder }: FetchRequest): string[] {
  return names.map(
    name => `${COPY} --from-plain-http --to-oci-layout ${host}/${name} ${folder}/layout:${layoutTag(name)}`,
  );
}
