import { type Fetcher, type FetchRequest, fourAtATime, layoutTag, type Pusher, tar } from './peer.ts';

/** Sends 24 requests at a time, one image after another into one layout. */
export const regctl: Fetcher & Pusher = {
  name: 'regctl',
  program: 'regctl',
  origin: { go: 'github.com/regclient/regclient/cmd/regctl' },
  version: ['version', '--format', '{{.VCSTag}}'],
  keepsManifests: true,
  fetch: request => [...copies(request), tar(`${request.folder}/layout`, request.file)],
  pull: copies,
  push: ({ folder, host, names, tls }) => [
    settings(host, tls ? 'enabled' : 'disabled'),
    fourAtATime(
      names.map(name => `regctl image copy ocidir://${folder}/layout:${layoutTag(name)} ${host}/${name}`),
    ),
  ],
};

function copies({ host, names, folder }: FetchRequest): string[] {
  return [
    settings(host, 'disabled'),
    ...names.map(name => `regctl image copy ${host}/${name} ocidir://${folder}/layout:${layoutTag(name)}`),
  ];
}

/** regctl reads this from its configuration only. */
function settings(host: string, tls: 'enabled' | 'disabled'): string {
  return `regctl registry set ${host} --tls ${tls} --req-concurrent 24 --skip-check`;
}
