import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { build, shardPlan, shardRun } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import type { FolderStore, StoreProgram } from '../support/programs/folder-store.ts';

const MIB = 1024 ** 2;
const WORKERS = 3;

/** Shards with killed workers, on one object store. */
export function testKilledWorkers(program: StoreProgram): void {
  describe.skipIf(program.lacks('killed workers'))(`shards with killed workers (${program.name})`, () => {
    const work = new TempDir();
    let proxy: FolderStore;
    let registry: TestRegistry;
    let local: Buffer;
    const specs = [{ file: 'app.txt', text: 'quay.io/team/app:1\n' }];
    let mirrors: Record<string, string>;

    beforeAll(async () => {
      [proxy, registry] = await Promise.all([program.start(work.path), TestRegistry.start()]);
      for (const [name, value] of Object.entries(proxy.environment)) vi.stubEnv(name, value);
      const layers = Array.from({ length: 16 }, (_, seed) => noiseOf(seed, (5 + (seed % 4)) * MIB + seed));
      registry.push('team/app:1', imageOf({ layers: [...layers, noiseOf(99, 30 * MIB)] }));
      mirrors = { 'quay.io': `http://${registry.host}` };
      await build({ specs, mirrors, output: work.file('local.tar') });
      local = readFileSync(work.file('local.tar'));
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await proxy[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      work[Symbol.dispose]();
    });

    const cases = Array.from({ length: WORKERS }, (_, worker) => [0, 1, 2, 4].map(blobs => [worker, blobs]));
    it.each(cases.flat())(
      'are complete after worker %i was killed with %i blobs done',
      async (worker, blobs) => {
        const key = `killed-${worker}-${blobs}.tar`;
        const object = `s3://bucket/${key}`;
        const { plan } = await shardPlan({
          specs,
          mirrors,
          output: object,
          shards: WORKERS,
          partSize: '5MiB',
        });
        await killed(['shard', 'run', object, '--plan', plan, '--shard', String(worker)], blobs as number);
        const others = [...Array(WORKERS).keys()].filter(shard => shard !== worker);
        await Promise.all(others.map(shard => shardRun({ object, plan, shard, mirrors })));
        const { isComplete } = await shardRun({ object, plan, shard: worker as number, mirrors });
        expect(isComplete).toBe(true);
        expect(proxy.object(key)?.equals(local)).toBe(true);
      },
    );

    /** Starts a worker, and kills it once some blobs are done; it may end before that. */
    async function killed(args: readonly string[], blobs: number): Promise<void> {
      const env = { ...process.env, ...proxy.environment };
      const flags = ['--mirror', `quay.io=http://${registry.host}`, '--progress', 'json'];
      const child = spawn(process.execPath, [AIRGAP, ...args, ...flags], { env, cwd: work.path });
      let text = '';
      child.stderr.on('data', chunk => {
        text += chunk;
        const done = text.split('"blob-finished"').length - 1;
        if (done >= blobs && text.includes('"blob-started"')) child.kill('SIGKILL');
      });
      await new Promise(resolve => child.on('close', resolve));
    }
  });
}
