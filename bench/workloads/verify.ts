import { join } from 'node:path';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { airgapLine, buildLine } from '../ours.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

export const verify: Workload = {
  number: 9,
  title: 'verify of a bundle of 12 images, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    const bundle = join(workDir.state, 'bundle.tar');
    const list = writeList(workDir, 'images.txt', dataset.host, firstTwelve(dataset));
    await measure(workDir.script('build', [buildLine(dataset.host, list, bundle)]), workDir);
    const ours = [airgapLine('verify', bundle, '--progress', 'none')];
    yield {
      titles: ['12 images'],
      workDir,
      entrants: [
        { name: 'airgap', kind: 'ours', command: workDir.script('airgap', ours) },
        { name: 'tar, sha256sum', kind: 'peer', command: workDir.script('peer', byHand(bundle, workDir)) },
        { name: 'floor: dd, openssl', kind: 'floor', command: workDir.script('floor', floor(bundle)) },
      ],
    };
  },
};

/** Verification with standard tools: every blob against its name, on all cores. */
function byHand(bundle: string, workDir: WorkDir): string[] {
  return [
    `tar --extract --file ${bundle} --directory ${workDir.folder}`,
    `cd ${workDir.path('blobs/sha256')}`,
    `ls | xargs -P "$(nproc)" -I {} sh -c 'echo "{}  {}" | sha256sum --check --quiet'`,
  ];
}

/** Hashes every byte once, on all cores. */
function floor(bundle: string): string[] {
  const part = `dd if=${bundle} bs=1M iflag=skip_bytes,count_bytes skip=$((part * size)) count=$size status=none`;
  return [
    `size=$(($(stat -c %s ${bundle}) / $(nproc) + 1))`,
    `for part in $(seq 0 $(($(nproc) - 1))); do ${part} | openssl dgst -sha256 >/dev/null & done`,
    'wait',
  ];
}
