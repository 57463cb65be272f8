import { buildLine } from '../ours.ts';
import { type Pusher, writeLines } from './peer.ts';

const VARIABLE = 'KOTS_BIN';
const PROGRAM = process.env[VARIABLE] || 'kots';

/**
 * Pushes from a `.airgap`, which airgap builds. No package manager has the program.
 *
 * It keeps only the last segment of a repository, below a namespace: `bench/image:1` stays only in the namespace `bench`.
 */
export const kots: Pusher = {
  name: 'kots push-images',
  program: PROGRAM,
  origin: { variable: VARIABLE },
  version: ['version'],
  hasTls: false,
  pull: ({ host, names, folder }) => {
    const list = `${folder}/kots-images.txt`;
    const references = names.map(name => `${host}/${name}`);
    return [writeLines(references, list), buildLine(host, list, `${folder}/app.airgap`)];
  },
  push: ({ folder, host, names }) => [
    // It extracts the archive there.
    `export TMPDIR=${folder}`,
    `${PROGRAM} admin-console push-images ${folder}/app.airgap ${host}/${namespaceOf(names)}`,
  ],
};

function namespaceOf([name = '']: readonly string[]): string {
  return name.slice(0, name.lastIndexOf('/'));
}
