import { fourAtATime, layoutTag, type Order, type Peer, tar } from './peer.ts';

/** Twenty-four requests at a time, one image after another into one layout. */
export const regctl: Peer = {
  name: 'regctl',
  program: 'regctl',
  origin: { go: 'github.com/regclient/regclient/cmd/regctl' },
  version: ['version', '--format', '{{.VCSTag}}'],
  keepsManifests: true,
  fetch: order => [...copies(order), tar(`${order.folder}/layout`, order.file)],
  stow: copies,
  push: ({ folder, host, names }) => [
    plain(host),
    fourAtATime(
      names.map(name => `regctl image copy ocidir://${folder}/layout:${layoutTag(name)} ${host}/${name}`),
    ),
  ],
};

function copies({ host, names, folder }: Order): string[] {
  return [
    plain(host),
    ...names.map(name => `regctl image copy ${host}/${name} ocidir://${folder}/layout:${layoutTag(name)}`),
  ];
}

/** It takes this from its configuration only. */
function plain(host: string): string {
  return `regctl registry set ${host} --tls disabled --req-concurrent 24 --skip-check`;
}
