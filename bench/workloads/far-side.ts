import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates } from '../../test/support/programs/certificates.ts';
import { WebServer } from '../../test/support/programs/web-server.ts';
import { expectInRegistry } from '../checks.ts';
import type { Image } from '../data/dataset.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { airgapLine, buildLine, remoteLine } from '../ours.ts';
import { TargetRegistry } from '../target-registry.ts';
import { WorkDir } from '../work-dir.ts';
import type { Entrant, Workload } from '../workload.ts';

/** A way to a bundle. */
interface Place {
  readonly name: string;
  readonly kind: Entrant['kind'];
  /** The arguments of a command that reads it there. */
  readonly args: readonly string[];
}

export const farSide: Workload = {
  number: 16,
  title: 'a bundle of 12 images at an https URL, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    const images = firstTwelve(dataset);
    const files = join(workDir.state, 'files');
    mkdirSync(files);
    const bundle = join(files, 'bundle.tar');
    const list = writeList(workDir, 'images.txt', dataset.host, images);
    await measure(workDir.script('build', [buildLine(dataset.host, list, bundle)]), workDir);
    const { ca, server } = await makeCertificates(workDir.state);
    await using web = await WebServer.start(workDir.state, files, server);
    await using target = await TargetRegistry.open(workDir, {});
    const places: readonly Place[] = [
      { name: 'airgap, URL', kind: 'ours', args: [`${web.https}/bundle.tar`, '--ca', ca] },
      { name: 'airgap, file', kind: 'variant', args: [bundle] },
    ];
    const inspected = places.map(place => inspection(place, workDir));
    yield { titles: ['inspect'], workDir, server: web, entrants: inspected };
    const loaded = places.map(place => loading(place, workDir, target, images));
    yield { titles: ['load into an empty registry'], workDir, server: web, entrants: loaded };
  },
};

function inspection({ name, kind, args }: Place, workDir: WorkDir): Entrant {
  return { name, kind, command: workDir.script(`inspect ${name}`, [airgapLine('inspect', ...args)]) };
}

function loading(
  { name, kind, args: [bundle = '', ...options] }: Place,
  workDir: WorkDir,
  target: TargetRegistry,
  images: readonly Image[],
): Entrant {
  return {
    name,
    kind,
    command: ['sh', join(workDir.state, 'load.sh')],
    async prepare() {
      await target.renew();
      // The port is known only after the start.
      workDir.script('load', [remoteLine(target.host, 'load', bundle, target.host, ...options)]);
    },
    check: () => expectInRegistry(target.host, images),
  };
}
