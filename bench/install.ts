import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { missingPrograms } from './peers/index.ts';
import type { Peer } from './peers/peer.ts';

/**
 * Installs the peers that are not on PATH, from Debian packages or with Go. Go's binaries go into the bench's data folder.
 *
 * @returns the programs that could not be installed
 */
export function installPeers(data: string): string[] {
  const folder = join(data, 'bin');
  process.env.PATH = [folder, process.env.PATH].join(delimiter);
  return missingPrograms()
    .filter(peer => !install(peer, folder))
    .map(({ program }) => program);
}

function install({ origin }: Peer, folder: string): boolean {
  const [command, ...args] =
    'go' in origin
      ? ['go', 'install', `${origin.go}@latest`]
      : ['apt-get', 'install', '--yes', origin.debian];
  const env = { ...process.env, GOBIN: folder };
  return spawnSync(command as string, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}
