import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { basename } from 'node:path';
import { installedPrograms } from './peers/index.ts';

/** Describes the machine and the versions of all programs in one sentence. */
export function machine(): string {
  const cores = cpus();
  const versions = installedPrograms().map(({ program, version }) => {
    const output = execFileSync(program, version, { encoding: 'utf8' });
    return `${basename(program)} ${versionIn(output) ?? 'of an unknown version'}`;
  });
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), ${memory} GiB, Linux ${release()}, Node ${process.versions.node}; ${versions.join(', ')}.`;
}

/** Finds a labelled version, as hauler prints it beside that of Go, or the first number with dots. */
function versionIn(output: string): string | undefined {
  return /^GitVersion: *v?(\S+)/m.exec(output)?.[1] ?? /\d+(\.\d+)+/.exec(output)?.[0];
}
