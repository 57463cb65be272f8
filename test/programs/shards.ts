import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { build, shardAbort, shardFinish, shardPlan, shardRun } from '@airgap/core';
import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ObjectStore } from '../../packages/core/src/objects/s3/object-store.ts';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import type { FolderStore, StoreProgram } from '../support/programs/folder-store.ts';

const MIB = 1024 ** 2;

/** Shards of a bundle, on one object store. */
export function testShards(program: StoreProgram): void {
  describe.skipIf(program.lacks('shards of a bundle'))(`shards of a bundle (${program.name})`, () => {
    const work = new TempDir();
    let proxy: FolderStore;
    let registry: TestRegistry;
    let local: Buffer;
    let specs: { file: string; text: string }[];
    let mirrors: Record<string, string>;
    /** The layers, the largest in several parts. */
    const layers = [1, 5, 6, 7, 6, 11].map((size, seed) => noiseOf(seed, size * MIB + seed));

    beforeAll(async () => {
      [proxy, registry] = await Promise.all([program.start(work.path), TestRegistry.start()]);
      registry.push('team/app:1', imageOf({ layers: layers.slice(0, 3) }));
      registry.push('team/db:1', imageOf({ layers: layers.slice(2) }));
      const text = 'quay.io/team/app:1\nquay.io/team/db:1\n';
      specs = [{ file: 'app.txt', text }];
      mirrors = { 'quay.io': `http://${registry.host}` };
      writeFileSync(work.file('app.txt'), text);
      await build({ specs, mirrors, output: work.file('local.tar') });
      local = readFileSync(work.file('local.tar'));
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      work[Symbol.dispose]();
    });
    beforeEach(() => {
      for (const [name, value] of Object.entries(proxy.environment)) vi.stubEnv(name, value);
    });
    afterEach(() => {
      registry.fault = undefined;
      vi.unstubAllEnvs();
    });

    const plan = (output: string, shards: number) =>
      shardPlan({ specs, mirrors, output, shards, partSize: '5MiB' });
    const run = (object: string, digest: string, shard: number) =>
      shardRun({ object, plan: digest, shard, mirrors });
    /** What a reader finds, without what remains of plans. */
    const visible = (key: string) =>
      proxy.keys().filter(name => name === key || name.startsWith(`${key}.build/`));

    it('build -o s3:// uploads the bundle of a local build', async () => {
      const args = ['build', 'app.txt', '--mirror', `quay.io=http://${registry.host}`, '--part-size', '5MiB'];
      const options = { cwd: work.path, env: proxy.environment };
      const { status, stderr, stdout } = await airgap([...args, '-o', 's3://bucket/built.tar'], options);
      expect(stderr).not.toContain('error');
      expect(stdout.toString()).toContain('s3://bucket/built.tar: ');
      expect(status).toBe(0);
      expect(proxy.object('built.tar')?.equals(local)).toBe(true);
      expect(visible('built.tar')).toEqual(['built.tar']);
    });

    it.each([1, 2, 5])('of %i workers are the bundle of a local build', async shards => {
      const key = `workers-${shards}.tar`;
      const object = `s3://bucket/${key}`;
      const { plan: digest, digest: index } = await plan(object, shards);
      const results = await Promise.all(
        Array.from({ length: shards }, (_, shard) => run(object, digest, shard)),
      );
      expect(results.some(({ isComplete }) => isComplete)).toBe(true);
      expect(results.reduce((sum, { sent }) => sum + sent, 0)).toBe(local.length);
      expect(proxy.object(key)?.equals(local)).toBe(true);
      expect(visible(key)).toEqual([key, `${key}.build/${digest.slice(7, 19)}/done.json`]);
      // A worker that starts late, or once more, has nothing to do.
      expect(await run(object, digest, 0)).toMatchObject({ isComplete: true, sent: 0, digest: index });
      expect(await shardFinish({ object, plan: digest })).toMatchObject({
        digest: index,
        size: local.length,
      });
      expect(proxy.object(key)?.equals(local)).toBe(true);
    });

    it('survive a killed worker process: it runs again, and uploads what is missing', async () => {
      const object = 's3://bucket/killed.tar';
      const { plan: digest } = await plan(object, 2);
      const args = ['shard', 'run', object, '--plan', digest, '--mirror', `quay.io=http://${registry.host}`];
      const env = { ...process.env, ...proxy.environment, JOB_COMPLETION_INDEX: '0' };
      // It has no report yet, or one of some tasks.
      registry.fault = slowly;
      const child = spawn(process.execPath, [AIRGAP, ...args, '--progress', 'json'], { env, cwd: work.path });
      await new Promise<void>(resolve => {
        let text = '';
        child.stderr.on('data', chunk => {
          text += chunk;
          if (text.includes('blob-finished')) child.kill('SIGKILL');
        });
        child.on('close', () => resolve());
      });
      expect(child.signalCode).toBe('SIGKILL');
      registry.fault = undefined;
      expect((await run(object, digest, 1)).isComplete).toBe(false);
      expect(proxy.object('killed.tar')).toBeUndefined();
      await expect(shardFinish({ object, plan: digest })).rejects.toMatchObject({
        code: 'BUNDLE',
        message: '1 of 2 shards have not finished: 0',
      });
      const again = await airgap(args, {
        cwd: work.path,
        env: { ...proxy.environment, JOB_COMPLETION_INDEX: '0' },
      });
      expect(again.stdout.toString()).toContain('s3://bucket/killed.tar: complete');
      expect(again.status).toBe(0);
      expect(proxy.object('killed.tar')?.equals(local)).toBe(true);
    });

    it('with a damaged blob are not visible, and complete once it is right', async () => {
      const object = 's3://bucket/damaged.tar';
      const { plan: digest } = await plan(object, 1);
      registry.fault = damaged;
      await expect(run(object, digest, 0)).rejects.toMatchObject({
        code: 'CONTENT',
        message: expect.stringContaining('digest mismatch'),
      });
      expect(proxy.object('damaged.tar')).toBeUndefined();
      registry.fault = undefined;
      const { isComplete, sent, kept } = await run(object, digest, 0);
      expect(isComplete).toBe(true);
      expect(sent + kept).toBe(local.length);
      expect(proxy.object('damaged.tar')?.equals(local)).toBe(true);
    });

    it('with a part that was replaced after its report are not visible', async () => {
      const object = 's3://bucket/replaced.tar';
      const { plan: digest } = await plan(object, 2);
      await run(object, digest, 0);
      const folder = `replaced.tar.build/${digest.slice(7, 19)}`;
      const { upload } = JSON.parse(String(proxy.object(`${folder}/plan.json`)));
      const { parts } = JSON.parse(String(proxy.object(`${folder}/shard-00000.json`)));
      await using store = await ObjectStore.open(object);
      const command = { Bucket: 'bucket', Key: 'replaced.tar', UploadId: upload, PartNumber: parts[0][0] };
      await store.run('replace a part', client =>
        client.send(new UploadPartCommand({ ...command, Body: Buffer.alloc(6 * MIB) })),
      );
      await expect(run(object, digest, 1)).rejects.toMatchObject({ code: 'CONTENT' });
      expect(proxy.object('replaced.tar')).toBeUndefined();
    });

    it('cannot run after their plan was aborted', async () => {
      const object = 's3://bucket/aborted.tar';
      const { plan: digest } = await plan(object, 2);
      await run(object, digest, 0);
      expect(await shardAbort({ object })).toEqual({ object, aborted: [digest] });
      expect(proxy.keys().filter(name => name.includes('aborted.tar'))).toEqual([]);
      await expect(run(object, digest, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('are aborted although another plan for the object is not readable', async () => {
      const object = 's3://bucket/unreadable.tar';
      const { plan: unreadable } = await plan(object, 1);
      const { plan: digest } = await plan(object, 2);
      const file = `unreadable.tar.build/${unreadable.slice(7, 19)}/plan.json`;
      await using store = await ObjectStore.open(object);
      await store.run('replace the plan', client =>
        client.send(new PutObjectCommand({ Bucket: 'bucket', Key: file, Body: '{}' })),
      );
      await expect(shardAbort({ object })).rejects.toMatchObject({
        code: 'INPUT',
        where: { path: `s3://bucket/${file}` },
      });
      expect(visible('unreadable.tar').some(name => name.includes(digest.slice(7, 19)))).toBe(false);
      await expect(run(object, digest, 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('refuse a plan that has changed in the store', async () => {
      const object = 's3://bucket/other.tar';
      const { plan: digest } = await plan(object, 1);
      const file = `other.tar.build/${digest.slice(7, 19)}/plan.json`;
      const text = String(proxy.object(file)).replaceAll('quay.io', 'evil.io');
      proxy.put(file, Buffer.from(text));
      const before = registry.seen.length;
      await expect(run(object, digest, 0)).rejects.toMatchObject({ code: 'CONTENT' });
      expect(registry.seen.length).toBe(before);
      await expect(shardAbort({ object, plan: digest })).rejects.toMatchObject({ code: 'CONTENT' });
    });

    it.each<[string, string[], Record<string, string>, string]>([
      ['no shard', [], {}, 'no shard'],
      ['a shard that the plan does not have', ['--shard', '7'], {}, 'there is no shard 7'],
      ['an index that is no number', [], { SLURM_ARRAY_TASK_ID: 'x' }, 'invalid SLURM_ARRAY_TASK_ID'],
      ['no digest', ['--plan', 'sha256:12', '--shard', '0'], {}, 'not the digest of a plan'],
    ])('are refused with %s', async (_case, flags, env, message) => {
      const object = 's3://bucket/usage.tar';
      const { plan: digest } = await plan(object, 1);
      const args = ['shard', 'run', object, '--plan', digest, ...flags];
      const { status, stderr } = await airgap(args, {
        cwd: work.path,
        env: { ...proxy.environment, ...env },
      });
      expect(stderr).toContain(message);
      expect(status).toBe(2);
      await shardAbort({ object });
    });
  });
}

/** Sends large blobs in the time that a signal needs. */
const slowly: Fault = async ({ path }) => {
  if (path.includes('/blobs/')) await new Promise(resolve => setTimeout(resolve, 300));
  return false;
};

/** Changes a byte of the largest blob. */
const damaged: Fault = ({ path, range: requested }, response, content) => {
  if (!path.includes('/blobs/') || content === undefined || content.length < 10 * MIB) return false;
  const bytes = Buffer.from(content);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  const range = /^bytes=(\d+)-(\d+)$/.exec(requested ?? '');
  const start = Number(range?.[1] ?? 0);
  const part = bytes.subarray(start, range ? Number(range[2]) + 1 : bytes.length);
  const about = range ? { 'content-range': `bytes ${start}-${start + part.length - 1}/${bytes.length}` } : {};
  response.writeHead(range ? 206 : 200, { ...about, 'content-length': part.length }).end(part);
  return true;
};
