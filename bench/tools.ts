import { AIRGAP } from '../test/airgap.ts';
import { findProgram } from '../test/programs/program.ts';

/** A way to get images out of a registry and into one file. */
export interface Tool {
  readonly name: string;
  /** The whole command, for `sh -c` or straight. */
  command(host: string, names: readonly string[], folder: string): readonly string[];
}

const airgap: Tool = {
  name: 'airgap',
  command: (_host, _names, folder) => [
    process.execPath,
    AIRGAP,
    'build',
    `${folder}/images.txt`,
    '-o',
    `${folder}/out.tar`,
    '--progress',
    'none',
  ],
};

/** Every tool in its documented way of doing the same work, the single file included. */
const PEERS: readonly Tool[] = [
  {
    name: 'crane',
    command: (host, names, folder) => [
      'crane',
      'pull',
      '--insecure',
      ...names.map(name => `${host}/${name}`),
      `${folder}/out.tar`,
    ],
  },
  {
    name: 'skopeo',
    command: (host, names, folder) =>
      shell([
        ...names.map(
          name =>
            `skopeo copy --quiet --src-tls-verify=false docker://${host}/${name} oci:${folder}/layout:${name}`,
        ),
        tar(folder),
      ]),
  },
  {
    name: 'oras',
    command: (host, names, folder) =>
      shell([
        ...names.map(
          name =>
            `oras copy --from-plain-http --to-oci-layout ${host}/${name} ${folder}/layout:${name.replace(/[:/]/g, '-')}`,
        ),
        tar(folder),
      ]),
  },
];

/** Ours, and those of the peers that are on PATH. */
export function toolsHere(): Tool[] {
  return [airgap, ...PEERS.filter(({ name }) => findProgram(name) !== undefined)];
}

function shell(steps: readonly string[]): string[] {
  return ['sh', '-c', steps.join(' && ')];
}

function tar(folder: string): string {
  return `tar --create --file ${folder}/out.tar --directory ${folder}/layout .`;
}
