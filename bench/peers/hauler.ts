import { type Fetcher, type FetchRequest, fourAtATime, type Pusher, writeLines } from './peer.ts';

/** Fetches twelve artifacts at a time into its store, without looking for signatures, and saves the store. */
export const hauler: Fetcher & Pusher = {
  name: 'hauler',
  program: 'hauler',
  origin: { go: 'hauler.dev/go/hauler/v2/cmd/hauler' },
  version: ['version'],
  keepsManifests: true,
  fetch: request => [...sync(request), `${store('save', request.folder)} --filename ${request.file}`],
  pull: sync,
  // One copy of the whole store pushes blob after blob.
  push: ({ folder, names, host, tls }) => [
    fourAtATime(
      names.map(
        name => `${store('copy', folder)} ${tls ? '' : '--plain-http'} --only ${name} registry://${host}`,
      ),
    ),
  ],
};

function sync({ host, names, folder }: FetchRequest): string[] {
  const list = `${folder}/hauler-images.txt`;
  return [
    writeLines(
      names.map(name => `${host}/${name}`),
      list,
    ),
    `${store('sync', folder)} --concurrency 12 --exclude-extras --no-progress --image-txt ${list}`,
  ];
}

/** A command of its store. Everything that it writes is below the folder. */
function store(command: string, folder: string): string {
  const places = `--store ${folder}/store --tempdir ${folder} --haulerdir ${folder}/hauler`;
  return `hauler store ${command} ${places} --audit-level none --log-level warn`;
}
