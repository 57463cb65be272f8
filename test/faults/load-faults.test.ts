import { readFileSync, writeFileSync } from 'node:fs';
import { type AirgapError, type LoadOptions, loadRegistry } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultTable, resetAt, status } from '../registry/fault-table.ts';
import { type Fault, type RegistryOptions, TestRegistry } from '../registry/registry.ts';
import type { Step } from '../registry/request.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf, type TestImage } from '../support/images/image.ts';

const MIB = 1024 * 1024;
const ARM64 = { os: 'linux', architecture: 'arm64' };
/** Every client gets a token. */
const BEARER = { scheme: 'bearer' } as const;
/** Idle timeout of the client, in ms. */
const TIMEOUT = 1000;

const base = noiseOf(1, 5 * MIB);
const layered = (seed: number, platform?: typeof ARM64) =>
  imageOf({ layers: [base, noiseOf(seed, 300_000)], compression: 'none', ...(platform ? { platform } : {}) });
const images: Record<string, TestImage> = {
  'team/one:1': layered(2),
  'team/two:1': layered(3),
  'other/many:1': indexOf([layered(4), layered(5, ARM64)]),
};

const work = new TempDir();
const bundle = work.file('bundle.tar');

beforeAll(() => buildBundle(images, bundle));
afterAll(() => work[Symbol.dispose]());

function loadInto(registry: TestRegistry, options: Partial<LoadOptions> = {}) {
  return loadRegistry({ bundle, target: registry.host, timeout: TIMEOUT, ...options });
}

function expectComplete(registry: TestRegistry): void {
  for (const [name, image] of Object.entries(images)) {
    const [repository = '', tag = ''] = name.split(':');
    expect(registry.manifest(repository, tag)?.equals(image.bytes)).toBe(true);
    for (const { blobs } of [image, ...image.children])
      for (const [digest, bytes] of blobs)
        expect(registry.blob(repository, digest)?.equals(bytes)).toBe(true);
  }
}

describe.concurrent('a registry that', () => {
  it.each<[string, RegistryOptions, (registry: TestRegistry) => void]>([
    [
      'supports everything receives a shared blob once, and mounts it elsewhere',
      {},
      ({ seen }) => {
        expect(seen.filter(({ bytes }) => bytes >= base.bytes.length)).toHaveLength(1);
        expect(seen.filter(({ step }) => step === 'mount')).toHaveLength(2);
      },
    ],
    [
      'responds to a mount with 202',
      { mount: 202 },
      ({ seen }) => expect(seen.filter(isBase)).toHaveLength(3),
    ],
    [
      'responds to a mount with 404',
      { mount: 404 },
      ({ seen }) => expect(seen.filter(isBase)).toHaveLength(3),
    ],
    [
      'responds to a mount with 405',
      { mount: 405 },
      ({ seen }) => expect(seen.filter(isBase)).toHaveLength(3),
    ],
    ['limits bodies to 2 MiB', { maxBody: 2 * MIB }, chunks(5)],
    ['limits bodies to 1 MiB', { maxBody: MIB }, chunks(5)],
    ['limits bodies to 2 MiB and chunks to at least 1 MiB', { maxBody: 2 * MIB, minChunk: MIB }, chunks(5)],
    ['stores only a part of each chunk', { maxBody: 2 * MIB, storedPerChunk: 700_000 }, chunks(8)],
    ['requires a token', { auth: BEARER }, () => {}],
  ])('%s', async (_name, options, check) => {
    await using registry = await TestRegistry.start(options);
    const { images: loaded } = await loadInto(registry);
    expect(loaded.map(({ state, found, digest }) => [state, found === digest])).toEqual(
      loaded.map(() => ['pushed', true]),
    );
    expectComplete(registry);
    check(registry);
    registry.seen.length = 0;
    const again = await loadInto(registry);
    expect(again.uploaded.blobs + again.mounted.blobs).toBe(0);
    expect(registry.seen.filter(({ step }) => !['head', 'other'].includes(step))).toEqual([]);
  });

  it.each<[string, RegistryOptions]>([
    ['supports neither large bodies nor chunks', { maxBody: MIB, chunkless: true }],
    ['requires larger chunks than it accepts', { maxBody: MIB, minChunk: 2 * MIB }],
  ])('%s is reported', async (_name, options) => {
    await using registry = await TestRegistry.start(options);
    await expect(loadInto(registry)).rejects.toMatchObject({ code: 'REGISTRY', message: /413/ });
  });
});

function isBase({ bytes }: { bytes: number }): boolean {
  return bytes >= base.bytes.length;
}

/** Expects at least this number of chunks. */
function chunks(minimum: number) {
  return ({ seen }: TestRegistry) =>
    expect(seen.filter(({ step }) => step === 'chunk').length).toBeGreaterThanOrEqual(minimum);
}

const UPLOAD: readonly Step[] = ['head', 'start', 'monolithic', 'mount', 'manifest'];
const CHUNKED: readonly Step[] = ['chunk', 'finish', 'status'];
/** Temporary faults: each occurs twice at the step. */
const TRANSIENT: readonly (readonly [string, Fault])[] = [
  ['a reset', resetAt(0)],
  ['a reset during the body', resetAt(50_000)],
  ['a reset before the response', () => 'after'],
  ['no response', () => true],
  ['408', status(408)],
  ['429', status(429)],
  ['429 with Retry-After', status(429, { 'retry-after': '1' })],
  ['500', status(500)],
  ['502', status(502)],
  ['503', status(503)],
  ['504', status(504)],
];
const ROWS = TRANSIENT.flatMap(([fault, inject]) => [
  ...UPLOAD.map(step => [fault, step, inject, {}] as const),
  ...CHUNKED.map(step => [fault, step, inject, { maxBody: 2 * MIB }] as const),
]);

describe.concurrent('a load succeeds in spite of', () => {
  it.each(ROWS)('%s at %s', async (_fault, step, inject, options) => {
    await using registry = await TestRegistry.start(options);
    // The client requests the upload status only after a broken chunk.
    const breakChunk = { at: 'chunk', times: step === 'status' ? 1 : 0, fault: resetAt(50_000) } as const;
    const table = new FaultTable(breakChunk, { at: step, times: 2, fault: inject });
    registry.fault = table.fault;
    await loadInto(registry);
    expect(table.injected).toBeGreaterThan(0);
    expectComplete(registry);
  });

  const challenge: Fault = (request, response, content) =>
    status(401, { 'www-authenticate': `Bearer realm="${request.url.origin}/token",service="test"` })(
      request,
      response,
      content,
    );

  it.each<[string, RegistryOptions, Fault]>([
    ['a 401 during the load', { auth: BEARER }, challenge],
    ['a lost upload session', { maxBody: 2 * MIB }, status(404)],
    ['a rejected chunk offset', { maxBody: 2 * MIB }, status(416)],
  ])('%s', async (_name, options, fault) => {
    await using registry = await TestRegistry.start(options);
    const table = new FaultTable({
      at: ({ step }) => ['chunk', 'monolithic'].includes(step),
      times: 1,
      fault,
    });
    registry.fault = table.fault;
    await loadInto(registry);
    expect(table.injected).toBe(1);
    expectComplete(registry);
  });

  it.each([400, 404])('an eventually consistent registry that responds with %i', async code => {
    await using registry = await TestRegistry.start();
    const table = new FaultTable({
      at: 'manifest',
      times: 2,
      fault: ({ incoming }, response) => {
        incoming.resume();
        sendError(response, code, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry');
        return true;
      },
    });
    registry.fault = table.fault;
    await loadInto(registry);
    expect(table.injected).toBe(2);
    expectComplete(registry);
  });

  it('a registry that loses all upload sessions once', async () => {
    await using registry = await TestRegistry.start({ maxBody: 2 * MIB });
    let chunks = 0;
    registry.fault = ({ step }) => {
      if (step === 'chunk') chunks += 1;
      if (chunks === 3) registry.dropSessions();
      return false;
    };
    await loadInto(registry);
    expectComplete(registry);
  });
});

describe.concurrent('a load that cannot succeed reports why, and can be repeated:', () => {
  it.each<[string, Step, number, AirgapError['code'], RegExp]>([
    ['403 at an upload', 'start', 403, 'DENIED', /DENIED|403/],
    ['403 at a manifest', 'manifest', 403, 'DENIED', /push the manifest/],
    ['a permanent 500', 'start', 500, 'REGISTRY', /500/],
    ['400 at a manifest', 'manifest', 400, 'REGISTRY', /push the manifest/],
  ])('%s', async (_name, step, code, expected, message) => {
    await using registry = await TestRegistry.start();
    registry.fault = new FaultTable({ at: step, fault: status(code) }).fault;
    await expect(loadInto(registry)).rejects.toMatchObject({ code: expected, message });
    // Tags are pushed last: no tag points to missing content.
    for (const name of Object.keys(images)) {
      const [repository = '', tag = ''] = name.split(':');
      expect(registry.manifest(repository, tag)).toBeUndefined();
    }
    registry.fault = undefined;
    await loadInto(registry);
    expectComplete(registry);
  });

  it('a damaged bundle, of which no damaged blob is stored', async () => {
    const bytes = readFileSync(bundle);
    const offset = bytes.indexOf(base.bytes.subarray(MIB, MIB + 64));
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    const damaged = work.file('damaged.tar');
    writeFileSync(damaged, bytes);
    await using registry = await TestRegistry.start();
    await expect(loadInto(registry, { bundle: damaged })).rejects.toMatchObject({ code: 'CONTENT' });
    expect(registry.blob('team/one', base.diffId)).toBeUndefined();
    expect(registry.manifest('team/one', '1')).toBeUndefined();
  });

  it('a registry that loses every upload session', async () => {
    await using registry = await TestRegistry.start({ maxBody: 2 * MIB });
    let chunks = 0;
    registry.fault = ({ step }) => {
      if (step === 'chunk') chunks += 1;
      if (chunks % 2 === 0) registry.dropSessions();
      return false;
    };
    await expect(loadInto(registry, { images: ['registry.test/team/one:1'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('accepts pushes to this repository'),
    });
  });

  it('a registry that accepts the manifests of an index and does not store them', async () => {
    const lost = images['other/many:1']?.children.map(({ digest }) => digest) ?? [];
    await using registry = await TestRegistry.start({ lax: true });
    const args = ['load', bundle, registry.host, '--images', '*/many:1', '--json'];
    const { status, stdout, stderr } = await airgap(args);
    expect(status).toBe(4);
    expect(registry.manifest('other/many', images['other/many:1']?.digest ?? '')).toBeDefined();
    expect(registry.manifest('other/many', '1')).toBeUndefined();
    const { error, ...rest } = JSON.parse(String(stdout));
    expect(rest).toEqual({});
    expect(error).toMatchObject({
      code: 'CONTENT',
      message: 'the registry accepted this digest but does not have it',
      where: { host: registry.host },
      hint: `Load again; if it persists, check the storage of ${registry.host}.`,
    });
    expect(lost).toContain(error.where.digest);
    expect(stderr).toContain('the registry accepted this digest but does not have it');
  });

  it.each([
    ['no location', undefined],
    ['a file on this machine', 'file:///etc/passwd'],
  ])('a registry that returns %s for an upload', async (_what, location) => {
    await using registry = await TestRegistry.start();
    registry.fault = ({ step }, response) => {
      if (step !== 'start') return false;
      response.statusCode = 202;
      if (location !== undefined) response.setHeader('location', location);
      response.end();
      return true;
    };
    await expect(loadInto(registry)).rejects.toMatchObject({
      code: 'REGISTRY',
      message: 'the upload has no valid Location header',
      where: { host: registry.host },
    });
  });

  it.each(['http://127.0.0.1:1/v2/x', 'http://registry.internal.invalid/v2/x'])(
    'a registry that leads uploads to a host that cannot be reached: %s',
    async location => {
      await using registry = await TestRegistry.start();
      registry.fault = ({ step }, response) => {
        if (step !== 'start') return false;
        response.writeHead(202, { location }).end();
        return true;
      };
      const { host } = new URL(location);
      await expect(loadInto(registry)).rejects.toMatchObject({
        code: 'NETWORK',
        message: expect.stringContaining(host),
        hint: `Fix the Location headers of ${registry.host}, which lead uploads to ${host}, or those of the proxy in front of it.`,
      });
    },
  );

  it('a registry that returns another digest', async () => {
    await using registry = await TestRegistry.start();
    registry.fault = ({ step }, response) => {
      if (step !== 'manifest') return false;
      response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
      response.statusCode = 201;
      response.end();
      return true;
    };
    await expect(loadInto(registry)).rejects.toMatchObject({ code: 'CONTENT' });
  });

  it('an upload that is redirected to another host, without the credentials', async () => {
    await using registry = await TestRegistry.start({ auth: BEARER });
    await using other = await TestRegistry.start();
    const authorizations: (string | undefined)[] = [];
    other.fault = ({ authorization }, response) => {
      authorizations.push(authorization);
      sendError(response, 403, 'DENIED', 'no');
      return true;
    };
    registry.fault = ({ step, authorization }, response) => {
      if (step !== 'start' || authorization === undefined) return false;
      response.statusCode = 202;
      response.setHeader('location', `http://${other.host}/elsewhere/1?state=a%2Fb`);
      response.end();
      return true;
    };
    await expect(loadInto(registry)).rejects.toMatchObject({ code: 'DENIED' });
    expect(authorizations.length).toBeGreaterThan(0);
    expect(authorizations.every(authorization => authorization === undefined)).toBe(true);
  });
});
