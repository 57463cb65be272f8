import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployments, imagesList } from '../../test/many-documents.ts';
import { airgapLine } from '../ours.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

const DOCUMENTS = 5_000;

export const lint: Workload = {
  number: 10,
  title: 'lint of 5,000 documents',
  async *contests({ memory, scale }) {
    using place = new Place(memory);
    const count = Math.ceil(DOCUMENTS * scale);
    const list = join(place.notes, 'app.yaml');
    const specs = join(place.notes, 'web.yaml');
    writeFileSync(list, imagesList(count));
    writeFileSync(specs, deployments(count));
    const command = place.script('airgap', [airgapLine('lint', list, specs, '--progress', 'none')]);
    yield { title: `${count} documents`, place, entrants: [{ name: 'airgap', kind: 'ours', command }] };
  },
};
