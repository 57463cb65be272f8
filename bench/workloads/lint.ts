import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployments, imagesList } from '../../test/support/many-documents.ts';
import { airgapLine } from '../ours.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

const DOCUMENTS = 5_000;

export const lint: Workload = {
  number: 10,
  title: 'lint of 5,000 documents',
  async *contests({ memory, scale }) {
    using workDir = new WorkDir(memory);
    const count = Math.ceil(DOCUMENTS * scale);
    const list = join(workDir.state, 'app.yaml');
    const specs = join(workDir.state, 'web.yaml');
    writeFileSync(list, imagesList(count));
    writeFileSync(specs, deployments(count));
    const command = workDir.script('airgap', [airgapLine('lint', list, specs, '--progress', 'none')]);
    yield { titles: [`${count} documents`], workDir, entrants: [{ name: 'airgap', kind: 'ours', command }] };
  },
};
