import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf } from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { lacks, output } from '../support/programs/program.ts';

const work = new TempDir();
const bundle = work.file('app.tar');

describe.skipIf(lacks('bundles in registries', 'crane', 'skopeo', 'registry'))(
  'a bundle in a registry',
  () => {
    let registry: Distribution;
    let digest: string;
    beforeAll(async () => {
      mkdirSync(work.file('storage'));
      registry = await Distribution.start(work.file('storage'), { program: 'registry' });
      const [amd, arm] = ['amd64', 'arm64'].map((architecture, seed) =>
        imageOf({ layers: [noiseOf(seed, 400_000)], platform: { os: 'linux', architecture } }),
      );
      if (!amd || !arm) throw new Error('no images');
      await buildBundle({ 'team/app:1': indexOf([amd, arm]), 'team/tool:1': arm }, bundle);
      const { stdout } = await airgap(['push', bundle, `oci://${registry.host}/bundles/app:1`, '--json']);
      ({ digest } = JSON.parse(String(stdout)));
    });
    afterAll(async () => {
      await registry?.[Symbol.asyncDispose]();
      work[Symbol.dispose]();
    });

    const pulled = async (name: string) => {
      const made = work.file(`${name.replace(/\W/g, '-')}.tar`);
      const outcome = await airgap(['pull', `oci://${registry.host}/${name}`, '-o', made, '--json']);
      expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
        status: 0,
        stderr: expect.any(String),
      });
      const { isExact } = JSON.parse(String(outcome.stdout)) as { isExact: boolean };
      return { isExact, isSame: readFileSync(made).equals(readFileSync(bundle)), made };
    };

    it('has the digest of its index, for every client', async () => {
      expect((await output('crane', 'digest', `${registry.host}/bundles/app:1`)).trim()).toBe(digest);
      const raw = await output(
        'skopeo',
        'inspect',
        '--raw',
        '--tls-verify=false',
        `docker://${registry.host}/bundles/app:1`,
      );
      expect(JSON.parse(raw).manifests).toHaveLength(2);
    });

    it('is copied by crane, and pulled as the file that was pushed', async () => {
      const { host } = registry;
      await output('crane', 'copy', `${host}/bundles/app:1`, `${host}/copied/app:1`);
      // crane copies no referrers: these images are those that a build of all platforms has.
      expect(await pulled('copied/app:1')).toMatchObject({ isExact: false, isSame: true });
      const tag = `sha256-${digest.slice('sha256:'.length)}`;
      await output('crane', 'copy', `${host}/bundles/app:${tag}`, `${host}/copied/app:${tag}`);
      expect(await pulled('copied/app:1')).toMatchObject({ isExact: true, isSame: true });
      expect(await pulled('bundles/app:1')).toMatchObject({ isExact: true, isSame: true });
    });
  },
);
