import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { AirgapError, type AirgapEvent, type BuildOptions, build } from '@airgap/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FaultRow, FaultTable, status } from '../registry/fault-table.ts';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, indexOf, noiseOf, sha256 } from '../support/images/image.ts';

/** A server that drops each connection. */
async function dropping() {
  let connections = 0;
  const server = createServer(socket => {
    connections += 1;
    socket.resetAndDestroy();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    [Symbol.dispose]: () => void server.close(),
  };
}

it.concurrent('a mirror that is down is not tried again for each blob', async () => {
  await using registry = await TestRegistry.start();
  using mirror = await dropping();
  using work = new TempDir();
  const layers = Array.from({ length: 8 }, (_, seed) => noiseOf(seed + 1, 1000));
  registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
  let whenManifestArrived = 0;
  registry.fault = ({ path }) => {
    if (path.includes('/manifests/')) whenManifestArrived = mirror.connections();
    return false;
  };
  await build({
    specs: [{ file: 'list.txt', text: 'registry.test/team/app:1' }],
    output: work.file('bundle.tar'),
    mirrors: { 'registry.test': [`http://${mirror.host}`, `http://${registry.host}`] },
  });
  expect(whenManifestArrived).toBeGreaterThan(0);
  expect(mirror.connections()).toBe(whenManifestArrived);
});

const small = noiseOf(10, 5000);
const large = noiseOf(11, 300_000);
const app = indexOf([imageOf({ layers: [small, large], compression: 'none' })]);
const LARGE = sha256(large.bytes);

/** Builds the image from these registries, in order. @returns the bytes of the bundle, and the notices */
async function buildFrom(registries: readonly TestRegistry[], options: Partial<BuildOptions> = {}) {
  using work = new TempDir();
  const notices: string[] = [];
  await build({
    specs: [{ file: 'list.txt', text: 'registry.test/team/app:1' }],
    output: work.file('bundle.tar'),
    mirrors: { 'registry.test': registries.map(({ host }) => `http://${host}`) },
    onEvent: (event: AirgapEvent) => void (event.type === 'notice' && notices.push(event.message)),
    ...options,
  });
  return { bytes: readFileSync(work.file('bundle.tar')), notices };
}

/** Answers with the content after a change. */
function changed(change: (content: Buffer) => Buffer): Fault {
  return (_request, response, content) => {
    if (content === undefined) return false;
    response.end(change(content));
    return true;
  };
}

function flip(content: Buffer): Buffer {
  const wrong = Buffer.from(content);
  const middle = wrong.length >> 1;
  wrong[middle] = (wrong[middle] ?? 0) ^ 1;
  return wrong;
}

const flipped = changed(flip);

/** Sends a part of the content, and nothing after it. */
const stalled: Fault = (_request, response, content) => {
  response.setHeader('content-length', content?.length ?? 0);
  response.write(content?.subarray(0, 1000));
  return true;
};

describe.concurrent('a build is the same when the mirror', () => {
  const layer: FaultRow['at'] = ({ path }) => path.endsWith(LARGE);
  const tag = /\/manifests\/1$/;
  const manifest = /\/manifests\//;
  const digest = /\/manifests\/sha256:/;
  const anything = /^/;
  let expected: Buffer;

  beforeAll(async () => {
    await using registry = await TestRegistry.start();
    registry.push('team/app:1', app);
    expected = (await buildFrom([registry])).bytes;
  });

  it.each<[string, FaultRow, RegExp | undefined, Partial<BuildOptions>?]>([
    ['serves a flipped layer', { at: layer, fault: flipped }, /digest mismatch/],
    ['serves a flipped manifest', { at: manifest, fault: flipped }, /digest mismatch/],
    ['truncates a layer', { at: layer, fault: changed(bytes => bytes.subarray(0, 90_000)) }, /truncated/],
    ['lacks a layer', { at: layer, fault: status(404) }, /404/],
    ['lacks the tag', { at: tag, fault: status(404) }, undefined],
    ['lacks the manifest of the platform', { at: digest, fault: status(404) }, /404/],
    ['lacks every manifest', { at: manifest, fault: status(404) }, /404/],
    ['stalls in a layer', { at: layer, fault: stalled }, /1000 bytes arrived/, { timeout: 1000 }],
    ['denies everything', { at: anything, fault: status(403) }, /403/],
    ['denies a layer', { at: layer, fault: status(403) }, /403/],
    ['always fails for the tag', { at: tag, fault: status(500) }, /500/],
    ['always fails for a layer', { at: layer, fault: status(500) }, /500/],
  ])('%s', async (_name, row, notice, options) => {
    await using mirror = await TestRegistry.start();
    await using registry = await TestRegistry.start();
    for (const each of [mirror, registry]) each.push('team/app:1', app);
    const table = new FaultTable(row);
    mirror.fault = table.fault;
    const { bytes, notices } = await buildFrom([mirror, registry], options);
    expect(table.injected).toBeGreaterThan(0);
    expect(bytes.equals(expected)).toBe(true);
    const reported = notices.filter(message => message.startsWith(`${mirror.host}: `));
    expect(reported).toEqual(notices);
    if (notice) expect(reported.join('\n')).toMatch(notice);
    else expect(notices).toEqual([]);
  });
});

it.concurrent('wrong bytes from every source are reported with the hosts, the digests and the image', async () => {
  await using mirror = await TestRegistry.start();
  await using registry = await TestRegistry.start();
  for (const each of [mirror, registry]) {
    each.push('team/app:1', app);
    each.fault = new FaultTable({ at: ({ path }) => path.endsWith(LARGE), fault: flipped }).fault;
  }
  const error = await buildFrom([mirror, registry]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AirgapError);
  const { code, message, where } = error as AirgapError;
  const actual = sha256(flip(large.bytes));
  expect(code).toBe('CONTENT');
  expect(where).toMatchObject({ host: mirror.host, digest: LARGE, image: 'registry.test/team/app:1' });
  const mismatch = `digest mismatch: expected ${LARGE}, got ${actual}`;
  expect(message).toContain(`${mismatch} (${registry.host}: ${mismatch}`);
});
