import { type FetchRequest, fourAtATime, layoutTag, type Peer, tar } from './peer.ts';

/** Sends 24 requests at a time, one image after another into one layout. */
export const regctl: Peer = {
  name: 'regctl',
  program: 'regctl',
  origin: { go: 'github.com/regclient/regclient/cmd/regctl' },
  version: ['version', '--format', '{{.VCSTag}}'],
  keepsManifests: true,
  fetch: request => [...copies(request), tar(`${request.folder}/layout`, request.file)],
  pull: copies,
  push: ({ folder, host, names }) => [
    plain(host),
    fourAtATime(
      names.map(name => `regctl image copy ocidir://${folder}/layout:${layoutTag(name)} ${host}/${name}`),
    ),
  ],
};

function copies({ host, names, folder }: FetchRequest): string[] {
  return [
    plain(host),
    ...names.map(name => `regctl image copy ${host}/${name} ocidir://${folder}/layout:${layoutTag(name)}`),
  ];
}

/** regctl reads this from its configuration only. */
function plain(host: string): string {
  return `regctl registry set ${host} --tls disabled --req-concurrent 24 --skip-check`;
}
