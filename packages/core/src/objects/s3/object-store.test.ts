import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MultipartUpload } from '../multipart-upload.ts';
import { listKeys, readFile } from '../shard-files.ts';
import { ObjectStore } from './object-store.ts';

const SECRET = 'a-secret-key-that-is-not-printed';
const TOKEN = 'a-session-token-that-is-not-printed';
const MIB = 1024 * 1024;
type Handler = (response: ServerResponse, request: IncomingMessage) => void;

const closers: (() => void)[] = [];
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET);
  vi.stubEnv('AWS_SESSION_TOKEN', TOKEN);
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) close();
});

/** Opens a store that answers every request in the same way. */
async function open(handle: Handler, timeout?: number): Promise<ObjectStore> {
  const server = createServer((request, response) => handle(response, request));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
  return ObjectStore.open('s3://bucket/app.tar', { timeout });
}

const error =
  (status: number, code: string, message: string): Handler =>
  response =>
    void response
      .writeHead(status)
      .end(`<Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`);

/** Sends a body that never ends. @returns the handler, and how much was sent in bytes */
function endless(status: number) {
  const sent = { bytes: 0 };
  const chunk = Buffer.alloc(MIB, '<a>x</a>');
  const handle: Handler = response => {
    const send = () => {
      if (response.destroyed || sent.bytes > 400 * MIB) return void response.destroy();
      sent.bytes += chunk.length;
      response.write(chunk, () => setImmediate(send));
    };
    response.writeHead(status);
    send();
  };
  return { handle, sent };
}

const target = { Bucket: 'bucket', Key: 'app.tar' };
type Request = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
const requests: Record<string, Request> = {
  'start of an upload': (client, options) => client.send(new CreateMultipartUploadCommand(target), options),
  list: (client, options) => client.send(new ListObjectsV2Command(target), options),
  read: (client, options) => client.send(new GetObjectCommand(target), options),
};
const failureOf = (store: ObjectStore, request = 'start of an upload') =>
  store.run('try', requests[request] as Request).catch((thrown: unknown) => thrown as Error);

describe('a hostile store', () => {
  it.each(['constructor', '__proto__', 'toString'])(
    'with the code %s is an error of the store',
    async code => {
      await using store = await open(error(400, code, 'x'));
      expect(await failureOf(store)).toMatchObject({
        code: 'UNSUPPORTED',
        message: `cannot try: the store refused the request (400 ${code}: x)`,
      });
    },
  );

  it.each([
    ['code', TOKEN, 'x'],
    ['message', 'Denied', `${SECRET} ${TOKEN}`],
  ])('does not get the credentials printed by its %s', async (_case, code, message) => {
    await using store = await open(error(400, code, message));
    const failure = await failureOf(store);
    expect(failure).toMatchObject({ message: expect.stringContaining('***') });
    expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toMatch(/is-not-printed/);
  });

  it('is quoted in one short line', async () => {
    await using store = await open(error(400, 'A'.repeat(100_000), 'b\n'.repeat(10_000)));
    const { message } = (await failureOf(store)) as Error;
    expect(message.length).toBeLessThan(600);
    expect(message).not.toContain('\n');
  });

  it.each([
    ['start of an upload', 403, 'DENIED'],
    ['read', 403, 'DENIED'],
    ['list', 200, 'NETWORK'],
  ])('that answers a %s with an endless %i is cut off', async (request, status, code) => {
    const { handle, sent } = endless(status);
    await using store = await open(handle);
    expect(await failureOf(store, request)).toMatchObject({ code });
    expect(sent.bytes).toBeLessThan(200 * MIB);
  });

  it('with an endless file of a plan is cut off', async () => {
    const { handle, sent } = endless(200);
    await using store = await open(handle);
    await expect(readFile(store, 'app.tar.build/1/plan.json', 1000)).rejects.toMatchObject({ code: 'INPUT' });
    expect(sent.bytes).toBeLessThan(100 * MIB);
  });

  it.each([
    ['does not have the object', 'does not have the object', 404, 0],
    ['has another object', 'has 7 bytes, expected 5', 200, 7],
  ])('that %s after an upload is an error', async (_case, message, status, size) => {
    await using store = await open((response, { method }) => {
      if (method === 'HEAD') response.writeHead(status, { 'content-length': size }).end();
      else response.end('<CompleteMultipartUploadResult><Key>app.tar</Key></CompleteMultipartUploadResult>');
    });
    const complete = new MultipartUpload(store, 'id').complete([{ number: 1, etag: '"1"' }], 5);
    await expect(complete).rejects.toThrow(message);
  });

  it('with an endless list is an error', async () => {
    let page = 0;
    await using store = await open(response => {
      page += 1;
      response.end(
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${page}</NextContinuationToken></ListBucketResult>`,
      );
    });
    await expect(listKeys(store, 'app.tar.build/')).rejects.toMatchObject({ code: 'REGISTRY' });
  });
});

it('a request that is interrupted fails with the reason, unchanged', async () => {
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const server = await open(response => {
    response.writeHead(403).write('<a>');
    setTimeout(() => controller.abort(reason), 50);
  });
  await server[Symbol.asyncDispose]();
  await using store = await ObjectStore.open('s3://bucket/app.tar', { signal: controller.signal });
  expect(await failureOf(store)).toBe(reason);
  expect(reason.message).toBe('interrupted');
});
