import { join } from 'node:path';
import { expectInRegistry } from '../checks.ts';
import type { Dataset, Image } from '../data/dataset.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { buildLine, remoteLine } from '../ours.ts';
import { installedPushers } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { pushFloor } from '../push-floor.ts';
import { TargetRegistry } from '../target-registry.ts';
import { WorkDir } from '../work-dir.ts';
import type { Entrant, Workload } from '../workload.ts';

/** A program that pushes images. */
interface Pusher {
  readonly name: string;
  readonly kind: Entrant['kind'];
  /** Shell lines that pull the images into its local format. */
  readonly pull: readonly string[];
  push(host: string): readonly string[];
}

export const load: Workload = {
  number: 8,
  title: 'load of 12 images into a registry, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    await using target = new TargetRegistry(workDir);
    const images = firstTwelve(dataset);
    const pushers = [
      ourPusher(workDir, dataset.host, images),
      ...installedPushers().map(peer => peerPusher(peer, workDir, dataset.host, images)),
      floor(workDir, dataset, images),
    ];
    for (const full of [false, true])
      yield {
        title: full ? 'into a full registry' : 'into an empty registry',
        workDir,
        entrants: pushers.map(pusher => entrant(pusher, workDir, target, images, full)),
      };
  },
};

function ourPusher(workDir: WorkDir, host: string, images: readonly Image[]): Pusher {
  const bundle = workDir.path('bundle.tar');
  return {
    name: 'airgap',
    kind: 'ours',
    pull: [buildLine(host, writeList(workDir, 'images.txt', host, images), bundle)],
    push: to => [remoteLine(to, 'load', bundle, to)],
  };
}

function peerPusher(peer: Peer, workDir: WorkDir, host: string, images: readonly Image[]): Pusher {
  const { folder } = workDir;
  const names = images.map(({ name }) => name);
  return {
    name: peer.name,
    kind: 'peer',
    pull: peer.pull?.({ host, names, folder, file: '' }) ?? [],
    push: to => peer.push?.({ folder, names, host: to }) ?? [],
  };
}

function floor(workDir: WorkDir, dataset: Dataset, images: readonly Image[]): Pusher {
  const push = (host: string) => pushFloor(dataset, images, host, workDir);
  return { name: 'floor: curl, openssl', kind: 'floor', pull: [], push };
}

function entrant(
  { name, kind, pull, push }: Pusher,
  workDir: WorkDir,
  target: TargetRegistry,
  images: readonly Image[],
  full: boolean,
): Entrant {
  const command = ['sh', join(workDir.state, 'push.sh')];
  return {
    name,
    kind,
    command,
    async prepare() {
      await measure(workDir.script('pull', pull), workDir);
      // The port is known only after the start.
      workDir.script('push', push(await target.renew()));
      if (full) await measure(command, workDir);
    },
    check: () => expectInRegistry(target.host, images),
  };
}
