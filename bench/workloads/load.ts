import { join } from 'node:path';
import { expectInRegistry } from '../checks.ts';
import type { Dataset, Image } from '../data/dataset.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { buildLine, loadLine } from '../ours.ts';
import { installedPushers } from '../peers/index.ts';
import type { Pusher } from '../peers/peer.ts';
import { pushFloor } from '../push-floor.ts';
import { type Access, TargetRegistry } from '../target-registry.ts';
import { WorkDir } from '../work-dir.ts';
import type { Contest, Entrant, Stage, Workload } from '../workload.ts';

/** The delay of each request, in ms. */
const DELAY = 50;

/** A program that pushes images. */
interface Program {
  readonly name: string;
  readonly kind: Entrant['kind'];
  /** Shell lines that pull the images into its local format. */
  readonly pull: readonly string[];
  push(target: TargetRegistry): readonly string[];
}

const EMPTY = 'into an empty registry';
const FULL = 'again, into the full registry';

export const load: Workload = {
  number: 8,
  title: 'load of 12 images into a registry, memory disk',
  contests: stage => contests(stage, {}, [EMPTY, FULL]),
};

export const loadOverTls: Workload = {
  number: 13,
  title: 'load of 12 images over TLS, memory disk',
  runs: 2,
  contests: stage => contests(stage, { tls: true }, [EMPTY]),
};

export const delayedLoad: Workload = {
  number: 14,
  title: `load of 12 images, ${DELAY} ms per request, memory disk`,
  runs: 2,
  contests: stage => contests(stage, { delay: DELAY }, [EMPTY, FULL]),
};

/** @param titles of the first push of a turn, and of the second */
async function* contests(stage: Stage, access: Access, titles: readonly string[]): AsyncGenerator<Contest> {
  await using dataset = await openTwelve(stage);
  using workDir = new WorkDir(stage.memory);
  await using target = await TargetRegistry.open(workDir, access);
  const images = firstTwelve(dataset);
  const peers = installedPushers().filter(({ hasTls = true }) => hasTls || !access.tls);
  const programs = [
    ourProgram(workDir, dataset.host, images),
    ...peers.map(peer => peerProgram(peer, workDir, dataset.host, images)),
    ...(access.tls ? [] : [floor(workDir, dataset, images)]),
  ];
  const entrants = programs.map(program => entrant(program, workDir, target, images));
  yield { titles, workDir, server: target, entrants };
}

function ourProgram(workDir: WorkDir, host: string, images: readonly Image[]): Program {
  const bundle = workDir.path('bundle.tar');
  return {
    name: 'airgap',
    kind: 'ours',
    pull: [buildLine(host, writeList(workDir, 'images.txt', host, images), bundle)],
    push: ({ host, ca }) => [loadLine(host, bundle, ca)],
  };
}

function peerProgram(peer: Pusher, workDir: WorkDir, host: string, images: readonly Image[]): Program {
  const { folder } = workDir;
  const names = images.map(({ name }) => name);
  return {
    name: peer.name,
    kind: 'peer',
    pull: peer.pull({ host, names, folder, file: '' }),
    push: ({ host, ca }) => [
      // The programs in Go read it.
      ...(ca === undefined ? [] : [`export SSL_CERT_FILE=${ca}`]),
      ...peer.push({ folder, names, host, tls: ca !== undefined }),
    ],
  };
}

function floor(workDir: WorkDir, dataset: Dataset, images: readonly Image[]): Program {
  const push = ({ host }: TargetRegistry) => pushFloor(dataset, images, host, workDir);
  return { name: 'floor: curl, openssl', kind: 'floor', pull: [], push };
}

function entrant(
  { name, kind, pull, push }: Program,
  workDir: WorkDir,
  target: TargetRegistry,
  images: readonly Image[],
): Entrant {
  const command = ['sh', join(workDir.state, 'push.sh')];
  return {
    name,
    kind,
    command,
    async prepare() {
      await measure(workDir.script('pull', pull), workDir);
      await target.renew();
      // The port is known only after the start.
      workDir.script('push', push(target));
    },
    check: () => expectInRegistry(target.host, images, target.ca),
  };
}
