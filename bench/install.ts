import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { missingPrograms } from './peers/index.ts';
import type { Peer } from './peers/peer.ts';

/**
 * Installs the peers that are not on PATH, from Debian packages or with Go. Go's binaries go into the bench's data folder.
 *
 * @returns a notice for each that could not be installed
 */
export function installPeers(data: string): string[] {
  const folder = join(data, 'bin');
  process.env.PATH = [folder, process.env.PATH].join(delimiter);
  return missingPrograms().flatMap(peer => install(peer, folder) ?? []);
}

/** @returns why it is not installed */
function install({ program, origin }: Peer, folder: string): string | undefined {
  if ('variable' in origin) return `skipping ${program}: set ${origin.variable} to its path`;
  if ('releases' in origin) return `skipping ${program}: install it from ${origin.releases}`;
  const [command, ...args] =
    'go' in origin
      ? ['go', 'install', `${origin.go}@latest`]
      : ['apt-get', 'install', '--yes', origin.debian];
  process.stderr.write(`installing ${program}: ${command} ${args.join(' ')}\n`);
  const env = { ...process.env, GOBIN: folder };
  const { status } = spawnSync(command as string, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? undefined : `skipping ${program}: cannot be installed`;
}
