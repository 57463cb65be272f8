import { mkdirSync, openSync, readFileSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { measure } from '../../bench/measure.ts';
import { WorkDir } from '../../bench/work-dir.ts';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { imageOf } from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Nginx } from '../support/programs/nginx.ts';
import { missingPrograms, output } from '../support/programs/program.ts';

/** Exceeds the eleven octal digits of the size in a plain tar header. */
const SIZE = 8 * 1024 ** 3 + 1024 ** 2;
/** Of so many zeros. */
const DIGEST = 'sha256:18d5b3642bd16ddac617b9147a6528a702ed551597d612fc435bd470f022c7f0';
const MAX_MEMORY = 200e6;
/** Of reading it from a web server: pieces are fetched ahead. */
const MAX_REMOTE_MEMORY = 220e6;

const missing = missingPrograms('docker-registry', 'nginx', 'tar', 'time');
const { bavail, bsize } = statfsSync(tmpdir());
const small = bavail * bsize < 1.2 * SIZE;
if (small) missing.push(`${((1.2 * SIZE) / 1e9).toFixed(0)} GB of disk space`);
if (missing.length > 0)
  process.stderr.write(`\nSKIPPED: a layer over 8 GiB: missing ${missing.join(', ')}\n`);

/** Stores a layer of zeros in the registry's storage as a sparse file. */
function storeSparse(storage: string, repository: string, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  const data = join(storage, `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`);
  const link = join(storage, `docker/registry/v2/repositories/${repository}/_layers/sha256/${hex}/link`);
  for (const file of [data, link]) mkdirSync(dirname(file), { recursive: true });
  openSync(data, 'w');
  truncateSync(data, SIZE);
  writeFileSync(link, digest);
}

it.skipIf(missing.length > 0)(
  'a layer over 8 GiB goes into a bundle that GNU tar and verify read, in flat memory',
  async () => {
    using work = new TempDir();
    using place = new WorkDir(work.path);
    await using registry = await Distribution.start(work.path);
    storeSparse(join(work.path, 'registry'), 'team/large', DIGEST);
    await registry.push(
      'team/large:1',
      imageOf({ layers: [{ digest: DIGEST, size: SIZE, diffId: DIGEST }], compression: 'none' }),
    );
    writeFileSync(work.file('list.txt'), `${registry.host}/team/large:1\n`);
    const bundle = work.file('bundle.tar');
    const { memory } = await measure(
      [process.execPath, AIRGAP, 'build', work.file('list.txt'), '-o', bundle],
      place,
    );
    expect(memory).toBeLessThan(MAX_MEMORY);
    expect(await output('tar', '--list', '--verbose', '--file', bundle)).toContain(`${SIZE} 1970-01-01`);
    const { status, stdout } = await airgap(['verify', bundle]);
    expect(String(stdout)).toContain('bundle.tar: OK');
    expect(status).toBe(0);
    expect(readFileSync(work.file('list.txt'), 'utf8')).toContain('team/large');
    await using web = await Nginx.start(work.path, registry.host, {
      server: `location = /bundle.tar { root ${work.path}; }`,
    });
    const remote = await measure(
      [process.execPath, AIRGAP, 'verify', `http://${web.host}/bundle.tar`],
      place,
    );
    expect(remote.memory).toBeLessThan(MAX_REMOTE_MEMORY);
  },
  240_000,
);
