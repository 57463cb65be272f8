import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { programsHere } from './peers/index.ts';

/** What the figures were measured on and with, in a sentence. */
export function machine(): string {
  const cores = cpus();
  const versions = programsHere().map(({ program, version }) => {
    const said = execFileSync(program, version, { encoding: 'utf8' });
    return `${program} ${/\d+(\.\d+)+/.exec(said)?.[0] ?? 'of an unknown version'}`;
  });
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), ${memory} GiB, Linux ${release()}, Node ${process.versions.node}; ${versions.join(', ')}.`;
}
