import { type Fetcher, type FetchRequest, fourAtATime, type Pusher, writeLines } from './peer.ts';

const common = {
  program: 'hauler',
  origin: { go: 'hauler.dev/go/hauler/v2/cmd/hauler' },
  version: ['version'],
  pull: sync,
};

/** Fetches twelve artifacts at a time into its store, without looking for signatures, and saves the store. */
export const hauler: Fetcher & Pusher = {
  ...common,
  name: 'hauler',
  keepsManifests: true,
  fetch: request => [...sync(request), `${store('save', request.folder)} --filename ${request.file}`],
  // It pushes one blob after another.
  push: ({ folder, host, tls }) => [copy(folder, host, tls)],
};

/** Pushes four images at a time, with a process for each. */
export const haulerFour: Pusher = {
  ...common,
  name: 'hauler, 4 at a time',
  push: ({ folder, names, host, tls }) => [
    fourAtATime(names.map(name => `${copy(folder, host, tls)} --only ${name}`)),
  ],
};

function sync({ host, names, folder }: FetchRequest): string[] {
  const list = `${folder}/hauler-images.txt`;
  const references = names.map(name => `${host}/${name}`);
  return [
    writeLines(references, list),
    `${store('sync', folder)} --concurrency 12 --exclude-extras --no-progress --image-txt ${list}`,
  ];
}

function copy(folder: string, host: string, tls: boolean): string {
  return `${store('copy', folder)} ${tls ? '' : '--plain-http'} registry://${host}`;
}

/** A command of its store. Everything that it writes is below the folder. */
function store(command: string, folder: string): string {
  const places = `--store ${folder}/store --tempdir ${folder} --haulerdir ${folder}/hauler`;
  return `hauler store ${command} ${places} --audit-level none --log-level warn`;
}
