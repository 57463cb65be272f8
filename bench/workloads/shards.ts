import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FolderStore } from '../../test/support/programs/folder-store.ts';
import { findProgram } from '../../test/support/programs/program.ts';
import { S3PROXY } from '../../test/support/programs/s3proxy.ts';
import { CAP, cappedServer } from '../capped-server.ts';
import { expectTar } from '../checks.ts';
import type { Image } from '../data/dataset.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import type { Measure } from '../measure.ts';
import { buildLine, remoteLine } from '../ours.ts';
import { WorkDir } from '../work-dir.ts';
import type { Entrant, Workload } from '../workload.ts';

/** The first is compared with the others. */
const WORKERS = [4, 2, 1];
/** For each worker, as if it had a network card of its own. */
const CONNECTIONS = ['--concurrency', '4'];
const KEY = 'bundle.tar';
const OBJECT = `s3://bucket/${KEY}`;

/** What is built, from where, and where to. */
interface Work {
  readonly workDir: WorkDir;
  /** The registry. */
  readonly host: string;
  readonly images: readonly Image[];
  /** The list of the images. */
  readonly list: string;
  readonly store: FolderStore;
}

export const shards: Workload = {
  number: 15,
  title: `12 images into one object by several workers, each with 4 connections, ${CAP}`,
  runs: 2,
  async *contests(stage) {
    if (S3PROXY.lacks('workload 15')) return;
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    await using server = await cappedServer(workDir, dataset);
    await using store = await S3PROXY.start(workDir.state);
    const images = firstTwelve(dataset);
    const { host } = server;
    const list = writeList(workDir, 'images.txt', host, images);
    const work = { workDir, host, images, list, store };
    const entrants = [...WORKERS.map(workers => byWorkers(work, workers)), upload(work), localBuild(work)];
    yield { titles: ['12 images'], workDir, server, entrants };
  },
};

function byWorkers(work: Work, workers: number): Entrant {
  const { workDir, host, list } = work;
  const usage = (shard: number | string) => join(workDir.state, `worker-${shard}`);
  const plan = ['shard', 'plan', list, '--shards', String(workers), '--output', OBJECT, '--json'];
  const run = ['shard', 'run', OBJECT, '--plan', '$plan', '--shard', '$shard', '--json', ...CONNECTIONS];
  const time = findProgram('time') ?? 'time';
  return {
    ...toStore(work, `airgap, ${workers} ${workers === 1 ? 'worker' : 'workers'}`, [
      `plan=$(${remoteLine(host, ...plan)} | sed -n 's/.*"plan": *"\\(sha256:[0-9a-f]*\\)".*/\\1/p')`,
      'failed=0',
      `for shard in $(seq 0 ${workers - 1}); do`,
      `  ${time} -q -o ${usage('$shard')} -f '%U %S' ${remoteLine(host, ...run)} >${usage('$shard')}.json &`,
      '  workers="$workers $!"',
      'done',
      'for worker in $workers; do wait $worker || failed=1; done',
      'exit $failed',
    ]),
    kind: workers === WORKERS[0] ? 'ours' : 'variant',
    more: () => largest(Array.from({ length: workers }, (_, shard) => usage(shard))),
  };
}

function upload(work: Work): Entrant {
  const { host, list } = work;
  return toStore(work, 'airgap build -o s3://', [buildLine(host, list, OBJECT, ...CONNECTIONS)]);
}

function localBuild({ workDir, host, list, images }: Work): Entrant {
  const file = workDir.path('out.tar');
  return {
    name: 'airgap build, to a file',
    kind: 'variant',
    file,
    command: workDir.script('local', [buildLine(host, list, file, ...CONNECTIONS)]),
    check: () => expectTar(file, images, true),
  };
}

function toStore({ workDir, images, store }: Work, name: string, lines: readonly string[]): Entrant {
  const file = store.file(KEY);
  const settings = Object.entries(store.environment).map(([key, value]) => `export ${key}=${value}`);
  return {
    name,
    kind: 'variant',
    file,
    command: workDir.script(name, [...settings, ...lines]),
    prepare: async () => store.clear(),
    check: () => expectTar(file, images, true),
  };
}

/** Returns the largest usage of the workers. @param files with the times of each; its result is in FILE.json */
function largest(files: readonly string[]): Partial<Measure> {
  const times = files.map(file => {
    const [user = 0, system = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
    return user + system;
  });
  const sent = files.map(file => (JSON.parse(readFileSync(`${file}.json`, 'utf8')) as { sent: number }).sent);
  return { workerCpu: Math.max(...times), workerSent: Math.max(...sent) };
}
