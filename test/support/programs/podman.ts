import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './program.ts';

/** Limits that a sandboxed machine allows; podman's defaults may exceed them. */
export const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** Returns a function that runs podman with all its state in one folder. */
export function podmanIn(folder: string): (...args: string[]) => Promise<string> {
  const folders = ['--root', join(folder, 'podman'), '--runroot', join(folder, 'podman-run')];
  const drivers = ['--storage-driver', 'vfs', '--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
  return (...args) => output('podman', ...folders, ...drivers, ...args);
}

/** The environment that makes podman keep its state in the same folder. */
export function podmanEnvironment(folder: string): Record<string, string> {
  const config = join(folder, 'storage.conf');
  const root = JSON.stringify(join(folder, 'podman'));
  const runRoot = JSON.stringify(join(folder, 'podman-run'));
  writeFileSync(config, `[storage]\ndriver = "vfs"\ngraphroot = ${root}\nrunroot = ${runRoot}\n`);
  return { CONTAINERS_STORAGE_CONF: config };
}
