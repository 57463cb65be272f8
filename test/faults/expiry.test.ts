import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { build, verify } from '@airgap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import type { RegistryRequest } from '../registry/request.ts';
import { sendBlob, sendError } from '../registry/response.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

const AUTH = { scheme: 'bearer', username: 'me', password: 'a-secret-password' } as const;
/** Transfers in flight when the token expires. */
const TRANSFERS = 6;
/** Bytes of the body that are sent before the token expires. */
const SENT = 1_000_000;

const layers = Array.from({ length: TRANSFERS }, (_, seed) => noiseOf(seed + 1, 2_000_000));
const image = imageOf({ layers, compression: 'none' });
const isLayer = ({ path }: RegistryRequest) => layers.some(({ diffId }) => path.endsWith(diffId));

let work: TempDir;
let registry: TestRegistry;
beforeEach(async () => {
  work = new TempDir();
  registry = await TestRegistry.start({ auth: AUTH });
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

/** Builds a bundle and verifies it. */
async function buildAndVerify(...repositories: string[]): Promise<void> {
  const auth = Buffer.from(`${AUTH.username}:${AUTH.password}`).toString('base64');
  writeFileSync(work.file('config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  for (const repository of repositories) registry.push(`${repository}:1`, image);
  const output = work.file('bundle.tar');
  const text = repositories.map(repository => `${registry.host}/${repository}:1`).join('\n');
  await build({
    specs: [{ file: 'list.txt', text }],
    output,
    plainHttp: [registry.host],
    credentialFiles: [work.file('config.json')],
  });
  expect((await verify({ bundle: output })).problems).toEqual([]);
}

const requests = (matches: (seen: RegistryRequest) => boolean) => registry.seen.filter(matches);
const tokenRequests = () => requests(({ path }) => path === '/token').length;

/** Delays the first transfers until `count` are waiting, then expires the token and rejects them. */
function expireDuring(count: number): void {
  const waiting: (() => void)[] = [];
  let expired = false;
  registry.fault = (seen, response, content) => {
    if (expired || !isLayer(seen)) return false;
    waiting.push(() => reject(response));
    if (waiting.length < count) return true;
    expired = true;
    registry.expire();
    // The last transfer is rejected long after the first has a new token.
    for (const [at, respond] of waiting.entries()) setTimeout(respond, at === count - 1 ? 500 : 0);
    return Boolean(content);
  };
}

function reject(response: ServerResponse): void {
  response.setHeader('www-authenticate', `Bearer realm="http://${registry.host}/token",service="test"`);
  sendError(response, 401, 'UNAUTHORIZED', 'the token has expired');
}

describe('a token that expires during a build', () => {
  it('is renewed once for all transfers, whenever they were rejected', async () => {
    expireDuring(TRANSFERS);
    await buildAndVerify('team/app');
    expect(tokenRequests()).toBe(2);
    expect(requests(seen => isLayer(seen) && seen.authorization === 'Bearer the-token-2')).toHaveLength(
      TRANSFERS,
    );
  });

  it('is renewed once per repository that still needs it', async () => {
    expireDuring(TRANSFERS);
    await buildAndVerify('team/app', 'team/other');
    expect(tokenRequests()).toBe(3);
  });

  it('does not lose the received bytes: the transfer resumes', async () => {
    let broken: string | undefined;
    registry.fault = (seen, response, content = Buffer.alloc(0)) => {
      if (broken || !isLayer(seen)) return false;
      broken = seen.path;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, SENT), () => response.socket?.end());
      registry.expire();
      return true;
    };
    await buildAndVerify('team/app');
    const ranges = new Set(requests(({ path }) => path === broken).map(({ range }) => range));
    expect(ranges).toEqual(new Set([undefined, `bytes=${SENT}-1999999`]));
    expect(tokenRequests()).toBe(2);
  });

  it('is renewed after a failure of the token service', async () => {
    expireDuring(TRANSFERS);
    const { fault } = registry;
    let failures = 0;
    registry.fault = (seen, response, content) => {
      if (seen.path !== '/token' || registry.token === 'the-token-1' || failures > 0)
        return fault?.(seen, response, content) ?? false;
      failures += 1;
      sendError(response, 503, 'UNAVAILABLE', 'not now');
      return true;
    };
    await buildAndVerify('team/app');
    expect(failures).toBe(1);
    expect(tokenRequests()).toBe(3);
  });

  it('fails the build with DENIED when the new token is rejected as well', async () => {
    registry.fault = (seen, response, content) => {
      if (!isLayer(seen)) return false;
      if (content && seen.authorization === undefined) sendBlob(response, content, undefined);
      else reject(response);
      return true;
    };
    await expect(buildAndVerify('team/app')).rejects.toMatchObject({ code: 'DENIED' });
  });
});
