import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delta, inspect, openLayout, parseDigest } from '@airgap/core';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openObject } from '../../packages/core/src/objects/read/open-object.ts';
import { ObjectStore } from '../../packages/core/src/objects/s3/object-store.ts';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import type { FolderStore, StoreProgram } from '../support/programs/folder-store.ts';
import { CONTENT, randomAccessContract } from '../support/random-access.ts';

const MIB = 1024 * 1024;
const base = noiseOf(1, 5 * MIB);
const work = new TempDir();
const older = work.file('app-1.0.tar');
const newer = work.file('app-1.1.tar');
let store: FolderStore;

function stubEnvironment(): void {
  for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
}

/** Uploads an object, so that it has an ETag. */
async function put(key: string, Body: Buffer): Promise<void> {
  await using object = await ObjectStore.open(`s3://bucket/${key}`);
  await object.run('store the object', (client, options) =>
    client.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body }), options),
  );
}

/** A bundle in an object store, on one object store. */
export function testStoredBundles(program: StoreProgram): void {
  describe.skipIf(program.lacks('bundles in object stores'))(
    `a bundle in an object store (${program.name})`,
    () => {
      beforeAll(async () => {
        store = await program.start(work.path);
        await buildBundle({ 'team/app:1': imageOf({ layers: [base, noiseOf(2, MIB)] }) }, older);
        await buildBundle({ 'team/app:1': imageOf({ layers: [base, noiseOf(3, MIB)] }) }, newer);
        await delta({ bases: [older], new: newer, output: work.file('app.delta.tar') });
        stubEnvironment();
        await put('app-1.0.tar', readFileSync(older));
        await put('app-1.1.tar', readFileSync(newer));
        await put('app.delta.tar', readFileSync(work.file('app.delta.tar')));
        await put('content', CONTENT);
      });
      afterAll(async () => {
        await store?.[Symbol.asyncDispose]();
        work[Symbol.dispose]();
      });
      beforeEach(stubEnvironment);
      afterEach(() => {
        vi.unstubAllEnvs();
      });

      const run = (...args: string[]) => airgap(args, { env: store.environment });

      describe('is like a file', () => {
        randomAccessContract(async () => {
          stubEnvironment();
          return openObject('s3://bucket/content', {});
        });
      });

      it('is inspected, verified and compared', async () => {
        const inspected = await run('inspect', 's3://bucket/app-1.0.tar', '--json');
        expect(inspected.stderr).toBe('');
        const local = await inspect({ bundle: older });
        expect(JSON.parse(String(inspected.stdout))).toMatchObject({
          ...local,
          path: 's3://bucket/app-1.0.tar',
        });
        expect((await run('verify', 's3://bucket/app-1.0.tar')).status).toBe(0);
        expect((await run('diff', 's3://bucket/app-1.0.tar', 's3://bucket/app-1.1.tar')).status).toBe(1);
      });

      it('is merged, reused and loaded', async () => {
        const made = work.file('made.tar');
        const merged = await run('merge', 's3://bucket/app-1.0.tar', 's3://bucket/app.delta.tar', '-o', made);
        expect(merged.status).toBe(0);
        expect(readFileSync(made).equals(readFileSync(newer))).toBe(true);
        await using registry = await TestRegistry.start();
        const loaded = await run('load', 's3://bucket/app-1.1.tar', registry.host, '--json');
        expect(JSON.parse(String(loaded.stdout)).uploaded.blobs).toBe(3);
        const list = work.file('list.txt');
        writeFileSync(list, `${registry.host}/team/app:1\n`);
        const built = await run(
          'build',
          list,
          '-o',
          work.file('again.tar'),
          '--reuse',
          's3://bucket/app-1.1.tar',
          '--json',
        );
        expect(built.status).toBe(0);
        expect(JSON.parse(String(built.stdout)).transferred.reused).toBeGreaterThan(5 * MIB);
        expect(existsSync(work.file('again.tar'))).toBe(true);
      });

      it('is not mixed with another version', async () => {
        await put('replaced.tar', readFileSync(older));
        await using layout = await openLayout('s3://bucket/replaced.tar');
        const [layer] = [...layout.entries.values()].filter(({ size }) => size > 2 * MIB);
        const digest = parseDigest(`sha256:${layer?.name.split('/').at(-1)}`);
        await put('replaced.tar', readFileSync(newer));
        await using bytes = await layout.open({ digest });
        await expect(bytes.read(Buffer.alloc(10), 0)).rejects.toMatchObject({
          code: 'REGISTRY',
          message: expect.stringContaining('replaced while it was read'),
          where: { path: 's3://bucket/replaced.tar' },
        });
        expect(statSync(older).size).toBe(layout.size);
      });

      it.each([
        ['s3://bucket/none.tar', {}, 2, 'does not exist'],
        ['s3://nowhere/app.tar', {}, 2, 'does not exist'],
        ['s3://bucket/app-1.0.tar', { AWS_SECRET_ACCESS_KEY: 'another' }, 2, 'rejected the credentials'],
      ])('says what is wrong with %s', async (url, env, status, message) => {
        const outcome = await airgap(['inspect', url], { env: { ...store.environment, ...env } });
        expect(outcome).toMatchObject({ status, stderr: expect.stringContaining(message) });
      });
    },
  );
}
