import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './program.ts';

/** Within what a sandboxed machine grants; podman's own defaults may be beyond it. */
export const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** Runs podman with everything that it keeps in a folder. */
export function podmanIn(folder: string): (...args: string[]) => Promise<string> {
  const folders = ['--root', join(folder, 'podman'), '--runroot', join(folder, 'podman-run')];
  const means = ['--storage-driver', 'vfs', '--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
  return (...args) => output('podman', ...folders, ...means, ...args);
}

/** What makes any podman keep everything in the same folder. */
export function podmanEnvironment(folder: string): Record<string, string> {
  const config = join(folder, 'storage.conf');
  const [root, runRoot] = ['podman', 'podman-run'].map(name => JSON.stringify(join(folder, name)));
  writeFileSync(config, `[storage]\ndriver = "vfs"\ngraphroot = ${root}\nrunroot = ${runRoot}\n`);
  return { CONTAINERS_STORAGE_CONF: config };
}
