import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AirgapEvent, ErrorCode } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BundleInput, BundlePlan } from '../../packages/core/src/bundle/entry-content.ts';
import { blobPath } from '../../packages/core/src/layout/documents.ts';
import { NewUpload } from '../../packages/core/src/objects/new-upload.ts';
import { uploadObject } from '../../packages/core/src/objects/upload-object.ts';
import { Reference } from '../../packages/core/src/reference/reference.ts';
import type { BlobSource } from '../../packages/core/src/store/image-source.ts';
import { MemoryStore } from '../../packages/core/src/store/memory-store.ts';
import { planTar } from '../../packages/core/src/tar/plan.ts';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import {
  type ObjectFault,
  type ObjectRequest,
  ObjectServer,
  readBody,
  sendError,
} from '../support/object-server.ts';

const MIB = 1024 ** 2;
const name = Reference.parse('registry.test/team/app:1');
const images = new Set([name.toString()]);
const source = new MemoryStore();
const planOf = (sizes: readonly number[]): BundlePlan =>
  planTar(
    sizes.map((size, seed): BundleInput => {
      const blob = source.addBlob(noiseOf(seed + 1, size).bytes, 'application/octet-stream');
      return { name: blobPath(blob), size, content: { blob, from: name, images } };
    }),
  );
const plan = planOf([5 * MIB + 1, 5 * MIB + 2, 5 * MIB + 3]);
/** The size of a blob that has the right bytes everywhere. */
const RIGHT = 6 * MIB + 7;
/** The first part ends where its blob does: there is no padding. */
const exact = planOf([6 * MIB, RIGHT]);
let server: ObjectServer;
let tar: Buffer;
/** The fault of each object; every test has an object of its own. */
const faults = new Map<string, ObjectFault>();

beforeAll(async () => {
  server = await ObjectServer.start();
  for (const [variable, value] of Object.entries(server.environment)) vi.stubEnv(variable, value);
  server.fault = (request, response) => faults.get(request.key)?.(request, response) ?? false;
  await upload('whole.tar');
  tar = server.object('whole.tar') as Buffer;
  expect(tar.length).toBe(plan.size);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

interface UploadCase {
  /** In ms. */
  readonly timeout?: number | undefined;
  readonly onEvent?: (event: AirgapEvent) => void;
  readonly sources?: readonly BlobSource[];
  readonly bundle?: BundlePlan;
}

/** Uploads a bundle. */
async function upload(
  key: string,
  { timeout = 20_000, onEvent, sources = [source], bundle = plan }: UploadCase = {},
) {
  const { signal, abort } = newStopper();
  await using started = await NewUpload.open(`s3://bucket/${key}`, { timeout, onEvent });
  await uploadObject(started, bundle, {
    sourcesOf: () => sources,
    onEvent,
    partSize: 5 * MIB,
    signal,
    stop: abort,
  });
}

function newStopper() {
  const stopper = new AbortController();
  return { signal: stopper.signal, abort: (reason: unknown) => stopper.abort(reason) };
}

/** The ids of the uploads of an object that are neither complete nor aborted. */
function openUploads(key: string): string[] {
  return [...server.uploads].flatMap(([id, { key: other }]) => (other === key ? id : []));
}

type Answer = (request: ObjectRequest, response: ServerResponse) => unknown;

/** Answers an operation with a fault, for the first `times` requests. */
function on(operation: string, answer: Answer, times = Number.POSITIVE_INFINITY): ObjectFault {
  let left = times;
  return async (request, response) => {
    if (request.operation !== operation || left === 0) return false;
    left -= 1;
    return (await answer(request, response)) !== false;
  };
}

const error =
  (status: number, code: string): Answer =>
  async ({ incoming }, response) => {
    await readBody(incoming);
    sendError(response, status, code);
  };
const reset: Answer = ({ incoming }) => {
  incoming.once('data', () => incoming.destroy());
};
const silent: Answer = () => {};
const wrongEtag: Answer = async ({ incoming }, response) => {
  await readBody(incoming);
  response.writeHead(200, { etag: `"${'0'.repeat(32)}"` }).end();
};
const slow: Answer = async () => {
  await sleep(300);
  return false;
};
const tooEarly: Answer = (_request, response) => {
  response.writeHead(200, { etag: `"${'0'.repeat(32)}"` }).end();
};
const errorIn200: Answer = async ({ incoming }, response) => {
  await readBody(incoming);
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end('<?xml version="1.0"?><Error><Code>InternalError</Code><Message>try again</Message></Error>');
};
/** Does what it was asked to, but the connection breaks before the response. */
const lost: Answer = (_request, response) => {
  response.end = (() => response.destroy()) as unknown as typeof response.end;
  return false;
};
/** Refuses to complete an upload, because another worker is about to complete it. */
const completedElsewhere =
  (status: number, code: string): Answer =>
  async ({ incoming }, response) => {
    const body = await readBody(incoming);
    sendError(response, status, code);
    await sleep(400);
    await fetch(`http://${server.host}${incoming.url}`, { method: 'POST', body });
  };
const page: Answer = async ({ incoming }, response) => {
  await readBody(incoming);
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>');
};

describe.concurrent('a store with a fault that passes', () => {
  it.each<[string, ObjectFault, number?]>([
    ['is slow', on('UploadPart', slow)],
    ['resets connections in the body of a part', on('UploadPart', reset, 2)],
    ['does not answer', on('UploadPart', silent, 1), 2000],
    ['answers before it has received a part', on('UploadPart', tooEarly, 2)],
    ['answers 503 SlowDown', on('UploadPart', error(503, 'SlowDown'), 3)],
    ['answers 500', on('CreateMultipartUpload', error(500, 'InternalError'), 2)],
    ['has waited too long for a body', on('UploadPart', error(400, 'RequestTimeout'), 1)],
    ['stores other bytes', on('UploadPart', wrongEtag, 2)],
    ['has an error in a successful response', on('CompleteMultipartUpload', errorIn200, 1)],
    ['does not permit to read', on('HeadObject', error(403, 'AccessDenied'))],
    ['has no object for a moment', on('HeadObject', error(404, 'NotFound'), 2)],
    ['loses the last response', on('CompleteMultipartUpload', lost, 1)],
    [
      'removes the parts for another worker',
      on('CompleteMultipartUpload', completedElsewhere(400, 'InvalidPart'), 1),
    ],
    [
      'removes the upload for another worker',
      on('CompleteMultipartUpload', completedElsewhere(404, 'NoSuchUpload'), 1),
    ],
  ])('that %s gets the bundle', async (key, fault, timeout) => {
    faults.set(key, fault);
    await upload(key, { timeout });
    expect(server.object(key)?.equals(tar)).toBe(true);
    expect(openUploads(key)).toEqual([]);
  });
});

describe.concurrent('a store with a fault that stays', () => {
  it.each<[string, ObjectFault, ErrorCode, string]>([
    [
      'does not permit an upload',
      on('CreateMultipartUpload', error(403, 'AccessDenied')),
      'DENIED',
      'do not permit this',
    ],
    ['does not permit parts', on('UploadPart', error(403, 'AccessDenied')), 'DENIED', 'do not permit this'],
    [
      'does not permit the end',
      on('CompleteMultipartUpload', error(403, 'AccessDenied')),
      'DENIED',
      'do not permit this',
    ],
    [
      'knows no such key',
      on('CreateMultipartUpload', error(403, 'InvalidAccessKeyId')),
      'DENIED',
      'rejected the credentials',
    ],
    [
      'has seen the credentials expire',
      on('UploadPart', error(400, 'ExpiredToken')),
      'DENIED',
      'have expired',
    ],
    [
      'has another time',
      on('CreateMultipartUpload', error(403, 'RequestTimeTooSkewed')),
      'DENIED',
      'the clock of this machine',
    ],
    [
      'has no such bucket',
      on('CreateMultipartUpload', error(404, 'NoSuchBucket')),
      'NOT_FOUND',
      'the bucket does not exist',
    ],
    [
      'has the bucket elsewhere',
      on('CreateMultipartUpload', error(301, 'PermanentRedirect')),
      'INPUT',
      'another region',
    ],
    [
      'has lost the upload',
      on('UploadPart', error(404, 'NoSuchUpload')),
      'NOT_FOUND',
      'upload does not exist',
    ],
    [
      'has no such request',
      on('CreateMultipartUpload', error(501, 'NotImplemented')),
      'UNSUPPORTED',
      'does not support',
    ],
    ['is overloaded', on('CreateMultipartUpload', error(503, 'SlowDown')), 'REGISTRY', '503 SlowDown'],
    ['resets connections', on('UploadPart', reset), 'NETWORK', 'the connection to'],
    ['stores other bytes', on('UploadPart', wrongEtag), 'CONTENT', 'expected the MD5'],
    ['has another part', on('CompleteMultipartUpload', error(400, 'InvalidPart')), 'CONTENT', 'was replaced'],
    [
      'does not speak S3',
      on('CreateMultipartUpload', page),
      'UNSUPPORTED',
      'cannot start the upload: the server does not speak S3 (it answered 200 with a web page, expected XML)',
    ],
    [
      'refuses for a reason of its own',
      on('CreateMultipartUpload', error(400, 'QuotaExceeded')),
      'UNSUPPORTED',
      'the store refused the request (400 QuotaExceeded',
    ],
    [
      'has a conflict',
      on('CreateMultipartUpload', error(409, 'Conflict')),
      'REGISTRY',
      'the store returned an error (409 Conflict',
    ],
  ])('that %s is reported, and has no bundle', async (text, fault, code, message) => {
    const key = `stays: ${text}`;
    faults.set(key, fault);
    const failure = await upload(key).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/^[A-Z].*\.$/),
      where: { host: server.host, path: `s3://bucket/${key}` },
    });
    expect(server.object(key)).toBeUndefined();
    expect(openUploads(key)).toEqual([]);
  });

  it('that never answers is reported', async () => {
    faults.set('silent.tar', on('CreateMultipartUpload', silent));
    await expect(upload('silent.tar', { timeout: 300 })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining('cannot start the upload: the connection to'),
    });
  });

  it('that does not permit to abort keeps the parts, and says so', async () => {
    const messages: string[] = [];
    const refuseParts = on('UploadPart', error(403, 'AccessDenied'));
    const refuseAbort = on('AbortMultipartUpload', error(403, 'AccessDenied'));
    faults.set(
      'kept.tar',
      async (request, response) => (await refuseParts(request, response)) || refuseAbort(request, response),
    );
    const onEvent = (event: AirgapEvent) => {
      if (event.type === 'notice') messages.push(event.message);
    };
    const uploading = upload('kept.tar', { onEvent });
    await expect(uploading).rejects.toMatchObject({ code: 'DENIED' });
    expect(messages.join()).toContain('the parts of the failed upload stay in the bucket');
  });
});

/** Answers 200 with a body. */
const answer =
  (type: string, body: string): Answer =>
  (_request, response) =>
    response.writeHead(200, { 'content-type': type }).end(body);

describe('airgap shard abort at a server that does not speak S3', () => {
  afterAll(() => {
    faults.delete('');
  });

  it.each<[string, Answer, string]>([
    ['a web page', page, 'the server does not speak S3 (it answered 200 with a web page, expected XML)'],
    ['a text', answer('text/plain', 'ok'), 'cannot list the files of the plan: '],
    ['a page without a type', answer('', '<html><hr></html>'), 'cannot list the files of the plan: '],
    ['JSON', answer('application/json', '{"status":"ok"}'), 'cannot list the files of the plan: '],
    ['other XML', answer('application/xml', '<status>ok</status>'), 'the response has no list'],
    ['nothing', answer('application/xml', ''), 'the response has no list'],
  ])('fails when that answers with %s', async (_case, fault, message) => {
    faults.set('', on('ListObjectsV2', fault));
    const { status, stderr } = await airgap(['shard', 'abort', 's3://bucket/app.tar'], {
      env: server.environment,
    });
    expect(stderr).toContain(message);
    expect(stderr).toContain(`at ${server.host} s3://bucket/app.tar.build/`);
    expect(status).toBe(2);
  });
});

describe.concurrent('a source with wrong bytes', () => {
  /** It has every blob, with the last byte changed; one is right. */
  const wrong: BlobSource = {
    origin: { host: 'wrong.test' },
    has: async () => true,
    read: (blob, into, wanted) =>
      source.read(
        blob,
        {
          ...into,
          write: (chunk, at) => {
            const bytes = Buffer.from(chunk);
            if (at + bytes.length === blob.size && blob.size !== RIGHT)
              bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
            return into.write(bytes, at);
          },
        },
        wanted,
      ),
  };

  it('never gives the store a complete part, and is reported', async () => {
    // The parts stay, to be looked at.
    faults.set('wrong.tar', on('AbortMultipartUpload', error(403, 'AccessDenied')));
    await expect(upload('wrong.tar', { sources: [wrong], bundle: exact })).rejects.toMatchObject({
      code: 'CONTENT',
      message: expect.stringContaining('digest mismatch'),
      where: { host: 'wrong.test' },
    });
    const [id = ''] = openUploads('wrong.tar');
    expect(server.uploads.get(id)?.parts.size).toBe(0);
  });

  it('is followed by the next source', async () => {
    const messages: string[] = [];
    const onEvent = (event: AirgapEvent) => {
      if (event.type === 'notice') messages.push(event.message);
    };
    await upload('next.tar', { onEvent, sources: [wrong, source] });
    expect(server.object('next.tar')?.equals(tar)).toBe(true);
    expect(messages.join()).toMatch(/wrong\.test: digest mismatch/);
  });
});

describe('airgap build -o s3://', () => {
  const work = new TempDir({ 'app.txt': 'quay.io/team/app:1\n' });
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await TestRegistry.start();
    registry.push('team/app:1', imageOf({ layers: [noiseOf(1, 6 * MIB), noiseOf(2, 6 * MIB)] }));
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  function build(output: string, flags: readonly string[] = [], interruptAt?: RegExp) {
    const args = ['build', 'app.txt', '--mirror', `quay.io=http://${registry.host}`, '--progress', 'plain'];
    const options = { cwd: work.path, env: server.environment, ...(interruptAt && { interruptAt }) };
    return airgap([...args, ...flags, '-o', output], options);
  }

  it('replaces an older object only when it succeeds', async () => {
    await build('local.tar');
    await fetch(`http://${server.host}/bucket/app.tar`, { method: 'PUT', body: 'old' });
    faults.set('app.tar', on('CompleteMultipartUpload', error(403, 'AccessDenied'), 1));
    const { status, stderr } = await build('s3://bucket/app.tar');
    expect(stderr).toContain('do not permit this');
    expect(stderr).not.toContain(server.environment.AWS_SECRET_ACCESS_KEY);
    expect(status).toBe(2);
    expect(server.object('app.tar')?.toString()).toBe('old');
    expect((await build('s3://bucket/app.tar', ['--part-size', '5MiB'])).status).toBe(0);
    expect(server.object('app.tar')?.equals(readFileSync(work.file('local.tar')))).toBe(true);
    expect(openUploads('app.tar')).toEqual([]);
  });

  it('reports a missing bucket before anything is fetched', async () => {
    const before = registry.seen.length;
    const { status, stderr } = await build('s3://other/app.tar');
    expect(stderr).toContain('the bucket does not exist');
    expect(status).toBe(2);
    expect(registry.seen.length).toBe(before);
  });

  it('removes its parts when it is interrupted', async () => {
    faults.set('stopped.tar', on('UploadPart', silent));
    const { status } = await build('s3://bucket/stopped.tar', [], /resolved 1 image/);
    expect(status).toBe(130);
    expect(openUploads('stopped.tar')).toEqual([]);
    expect(server.object('stopped.tar')).toBeUndefined();
  });

  it.each([
    [['--split', 'fat32'], 'split needs a path'],
    [['--checksums'], 'checksums needs a path'],
    [['--report', 'report.html'], 'report needs a path'],
    [['--with-airgap'], '--with-airgap needs a bundle in a file'],
    [['--part-size', '1MiB'], 'part size out of range'],
  ])('rejects %j before any request', async (flags, message) => {
    const before = server.seen.length;
    const { status, stderr } = await build('s3://bucket/app.tar', flags);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
    expect(server.seen.length).toBe(before);
  });
});
