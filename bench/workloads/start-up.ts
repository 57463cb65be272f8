import { join } from 'node:path';
import { openSmall } from '../data/small.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { airgapLine, buildLine } from '../ours.ts';
import { installedPrograms } from '../peers/index.ts';
import { WorkDir } from '../work-dir.ts';
import type { Entrant, Workload } from '../workload.ts';

/** Enough runs to make the shell's own time negligible. */
const TIMES = 20;

export const startUp: Workload = {
  number: 11,
  title: 'start-up',
  async *contests(stage) {
    await using dataset = await openSmall(stage);
    using workDir = new WorkDir(stage.memory);
    const bundle = join(workDir.state, 'bundle.tar');
    const list = writeList(workDir, 'images.txt', dataset.host, dataset.images.slice(0, 1));
    await measure(workDir.script('build', [buildLine(dataset.host, list, bundle)]), workDir);
    const times = (name: string, kind: Entrant['kind'], line: string): Entrant => ({
      name,
      kind,
      repeat: TIMES,
      command: workDir.script(name, [`for run in $(seq ${TIMES}); do ${line} >/dev/null; done`]),
    });
    const node = times('floor: node -e 0', 'floor', `${process.execPath} -e 0`);
    const helps = installedPrograms().map(({ program }) => times(program, 'peer', `${program} --help`));
    const ours = (...args: readonly string[]) => times('airgap', 'ours', airgapLine(...args));
    yield { titles: ['--help'], workDir, entrants: [ours('--help'), ...helps, node] };
    yield { titles: ['inspect of a small bundle'], workDir, entrants: [ours('inspect', bundle), node] };
  },
};
