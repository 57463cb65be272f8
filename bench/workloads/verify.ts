import { join } from 'node:path';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { airgapLine, buildLine } from '../ours.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

export const verify: Workload = {
  number: 9,
  title: 'verify of a bundle of 12 images, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using place = new Place(stage.memory);
    const bundle = join(place.notes, 'bundle.tar');
    const list = writeList(place, 'images.txt', dataset.host, firstTwelve(dataset));
    await measure(place.script('build', [buildLine(dataset.host, list, bundle)]), place);
    const ours = [airgapLine('verify', bundle, '--progress', 'none')];
    yield {
      title: '12 images',
      place,
      entrants: [
        { name: 'airgap', kind: 'ours', command: place.script('airgap', ours) },
        { name: 'tar, sha256sum', kind: 'peer', command: place.script('peer', byHand(bundle, place)) },
        { name: 'floor: dd, openssl', kind: 'floor', command: place.script('floor', floor(bundle)) },
      ],
    };
  },
};

/** What somebody does who has no program for it: every blob against its name, on all cores. */
function byHand(bundle: string, place: Place): string[] {
  return [
    `tar --extract --file ${bundle} --directory ${place.folder}`,
    `cd ${place.at('blobs/sha256')}`,
    `ls | xargs -P "$(nproc)" -I {} sh -c 'echo "{}  {}" | sha256sum --check --quiet'`,
  ];
}

/** Every byte hashed once, on all cores. */
function floor(bundle: string): string[] {
  const part = `dd if=${bundle} bs=1M iflag=skip_bytes,count_bytes skip=$((part * size)) count=$size status=none`;
  return [
    `size=$(($(stat -c %s ${bundle}) / $(nproc) + 1))`,
    `for part in $(seq 0 $(($(nproc) - 1))); do ${part} | openssl dgst -sha256 >/dev/null & done`,
    'wait',
  ];
}
