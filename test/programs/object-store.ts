import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ObjectStore } from '../../packages/core/src/objects/s3/object-store.ts';
import { TempDir } from '../support/airgap.ts';
import { noiseOf } from '../support/images/image.ts';
import type { FolderStore, StoreProgram } from '../support/programs/folder-store.ts';

const MIB = 1024 * 1024;

/** The client of object stores, on one object store. */
export function testObjectStore(program: StoreProgram): void {
  describe.skipIf(program.lacks('the client of object stores'))(
    `the client of object stores (${program.name})`,
    () => {
      const folder = new TempDir();
      let proxy: FolderStore;
      beforeAll(async () => {
        proxy = await program.start(folder.path);
      });
      afterAll(async () => {
        await proxy[Symbol.asyncDispose]();
        folder[Symbol.dispose]();
      });
      beforeEach(() => {
        for (const [name, value] of Object.entries(proxy.environment)) vi.stubEnv(name, value);
      });
      afterEach(() => {
        vi.unstubAllEnvs();
      });

      const put = (store: ObjectStore, Body: Buffer, IfNoneMatch?: string) =>
        store.run('store the object', (client, options) =>
          client.send(
            new PutObjectCommand({ Bucket: store.url.bucket, Key: store.url.key, Body, IfNoneMatch }),
            options,
          ),
        );
      const get = (store: ObjectStore, Range?: string) =>
        store.run('read the object', (client, options) =>
          client.send(new GetObjectCommand({ Bucket: store.url.bucket, Key: store.url.key, Range }), options),
        );

      it('reads a range of what it has stored, unchanged', async () => {
        const { bytes } = noiseOf(1, 20 * MIB);
        proxy.put('large.tar', bytes);
        await using store = await ObjectStore.open('s3://bucket/large.tar');
        const { Body, ContentRange } = await get(store, `bytes=1000-${18 * MIB - 1}`);
        expect(ContentRange).toBe(`bytes 1000-${18 * MIB - 1}/${20 * MIB}`);
        const read = Buffer.from((await Body?.transformToByteArray()) ?? []);
        expect(read.equals(bytes.subarray(1000, 18 * MIB))).toBe(true);
      });

      it.each(['WHEN_REQUIRED', 'WHEN_SUPPORTED'])(
        'uploads parts from streams of small chunks with checksums %s',
        async checksums => {
          vi.stubEnv('AWS_REQUEST_CHECKSUM_CALCULATION', checksums);
          const { bytes } = noiseOf(2, 6 * MIB);
          await using store = await ObjectStore.open('s3://bucket/parts.tar');
          expect(store.comparesMd5).toBe(checksums === 'WHEN_REQUIRED');
          const { bucket: Bucket, key: Key } = store.url;
          const { UploadId } = await store.run('start the upload', (client, options) =>
            client.send(new CreateMultipartUploadCommand({ Bucket, Key }), options),
          );
          const chunks = Array.from({ length: bytes.length / 512 }, (_, at) =>
            bytes.subarray(at * 512, (at + 1) * 512),
          );
          const { ETag } = await store.run('upload a part', (client, options) =>
            client.send(
              new UploadPartCommand({
                Bucket,
                Key,
                UploadId,
                PartNumber: 1,
                ContentLength: bytes.length,
                Body: Readable.from(chunks, { objectMode: false }),
              }),
              options,
            ),
          );
          expect(ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
          expect(proxy.object('parts.tar')).toBeUndefined();
          await store.run('complete the upload', (client, options) =>
            client.send(
              new CompleteMultipartUploadCommand({
                Bucket,
                Key,
                UploadId,
                MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
              }),
              options,
            ),
          );
          expect(proxy.object('parts.tar')?.equals(bytes)).toBe(true);
          rmSync(join(folder.path, 'objects/bucket/parts.tar'));
        },
      );

      const SECRET = 'a-wrong-secret-that-must-not-be-printed';
      it.each<[string, string, Record<string, string>, object]>([
        [
          'a missing object',
          's3://bucket/none',
          {},
          { code: 'NOT_FOUND', message: expect.stringContaining('the object does not exist') },
        ],
        [
          'a missing bucket',
          's3://none/none',
          {},
          { code: 'NOT_FOUND', message: expect.stringContaining('the bucket does not exist') },
        ],
        [
          'a wrong secret',
          's3://bucket/none',
          { AWS_SECRET_ACCESS_KEY: SECRET },
          { code: 'DENIED', message: expect.stringContaining('rejected the credentials') },
        ],
        ['an unknown user', 's3://bucket/none', { AWS_ACCESS_KEY_ID: 'AKIDNOBODY' }, { code: 'DENIED' }],
        [
          'no credentials',
          's3://bucket/none',
          { AWS_SECRET_ACCESS_KEY: '' },
          { code: 'DENIED', message: expect.stringContaining('no usable credentials') },
        ],
        [
          'a closed port',
          's3://bucket/none',
          { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
          { code: 'NETWORK', message: expect.stringContaining('ECONNREFUSED') },
        ],
      ])('reports %s in words, and no secret', async (_case, url, env, error) => {
        for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
        await using store = await ObjectStore.open(url);
        const failure = await get(store).catch((thrown: unknown) => thrown);
        expect(failure).toMatchObject(error);
        expect(failure).toMatchObject({ where: { path: url }, hint: expect.stringMatching(/^[A-Z].*\.$/) });
        expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(SECRET);
      });

      it('rejects an endpoint with credentials, without quoting it', async () => {
        vi.stubEnv('AWS_ENDPOINT_URL_S3', `https://user:${SECRET}@store.example.com`);
        const opening = ObjectStore.open('s3://bucket/app.tar');
        await expect(opening).rejects.toMatchObject({
          code: 'INPUT',
          message: expect.not.stringContaining(SECRET),
        });
      });

      it('does not overwrite an object that must not exist', async () => {
        await using store = await ObjectStore.open('s3://bucket/existing.tar');
        await put(store, Buffer.from('old'));
        await expect(put(store, Buffer.from('new'), '*')).rejects.toMatchObject({ code: 'INPUT' });
        expect(proxy.object('existing.tar')?.toString()).toBe('old');
      });
    },
  );
}
