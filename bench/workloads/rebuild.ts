import { expectTar } from '../checks.ts';
import { copyFloor } from '../copy-floor.ts';
import type { Image } from '../data/dataset.ts';
import { changedTwelve, firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { buildLine } from '../ours.ts';
import { installedRefetchers } from '../peers/index.ts';
import type { Fetcher } from '../peers/peer.ts';
import { WorkDir } from '../work-dir.ts';
import type { Entrant, Workload } from '../workload.ts';

/** The images before and after one of them changed. */
interface Change {
  readonly host: string;
  readonly before: readonly Image[];
  readonly after: readonly Image[];
}

export const rebuild: Workload = {
  number: 7,
  title: 'rebuild after one of 12 images changed, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    const change = { host: dataset.host, before: firstTwelve(dataset), after: changedTwelve(dataset) };
    const peers = installedRefetchers().map(peer => refetch(peer, workDir, change));
    const floor = copyFloor(dataset, change.after, workDir);
    const entrants = [ourRebuild(workDir, change), ...peers, floor];
    yield { titles: ['12 images'], workDir, server: dataset, entrants };
  },
};

function ourRebuild(workDir: WorkDir, { host, before, after }: Change): Entrant {
  const old = workDir.path('old.tar');
  const file = workDir.path('out.tar');
  const first = workDir.script('airgap-first', [
    buildLine(host, writeList(workDir, 'old.txt', host, before), old),
  ]);
  const second = buildLine(host, writeList(workDir, 'new.txt', host, after), file, '--reuse', old);
  return {
    name: 'airgap --reuse',
    kind: 'ours',
    file,
    command: workDir.script('airgap', [second]),
    prepare: () => measure(first, workDir),
    check: () => expectTar(file, after, true),
  };
}

/** A peer reuses its folder or its cache from the first fetch. */
function refetch(peer: Fetcher, workDir: WorkDir, { host, before, after }: Change): Entrant {
  const file = workDir.path('out.tar');
  const lines = (images: readonly Image[]) =>
    peer.fetch({ host, names: images.map(({ name }) => name), folder: workDir.folder, file });
  const first = workDir.script(`${peer.name}-first`, [...lines(before), `rm ${file}`]);
  return {
    name: peer.name,
    kind: 'peer',
    file,
    command: workDir.script(peer.name, lines(after)),
    prepare: () => measure(first, workDir),
    check: () => expectTar(file, after, peer.keepsManifests),
  };
}
