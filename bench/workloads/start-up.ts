import { join } from 'node:path';
import { openSmall } from '../data/small.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { airgapLine, buildLine } from '../ours.ts';
import { programsHere } from '../peers/index.ts';
import { Place } from '../place.ts';
import type { Entrant, Workload } from '../workload.ts';

/** Enough for the shell around them not to count. */
const TIMES = 20;

export const startUp: Workload = {
  number: 11,
  title: 'start-up',
  async *contests(stage) {
    await using dataset = await openSmall(stage);
    using place = new Place(stage.memory);
    const bundle = join(place.notes, 'bundle.tar');
    const list = writeList(place, 'images.txt', dataset.host, dataset.images.slice(0, 1));
    await measure(place.script('build', [buildLine(dataset.host, list, bundle)]), place);
    const times = (name: string, kind: Entrant['kind'], line: string): Entrant => ({
      name,
      kind,
      repeat: TIMES,
      command: place.script(name, [`for turn in $(seq ${TIMES}); do ${line} >/dev/null; done`]),
    });
    const node = times('floor: node -e 0', 'floor', `${process.execPath} -e 0`);
    const helps = programsHere().map(({ program }) => times(program, 'peer', `${program} --help`));
    const ours = (...args: readonly string[]) => times('airgap', 'ours', airgapLine(...args));
    yield { title: '--help', place, entrants: [ours('--help'), ...helps, node] };
    yield { title: 'inspect of a small bundle', place, entrants: [ours('inspect', bundle), node] };
  },
};
