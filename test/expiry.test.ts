import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { build, verify } from '@airgap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './airgap.ts';
import { imageOf, noiseOf } from './images/image.ts';
import { type Seen, sendBlob, sendError, TestRegistry } from './registry/registry.ts';

const AUTH = { scheme: 'bearer', username: 'somebody', password: 'a-secret-password' } as const;
/** Transfers that are under way when the token expires. */
const AT_ONCE = 6;
/** What of a body has arrived by then, in bytes. */
const ARRIVED = 1_000_000;

const layers = Array.from({ length: AT_ONCE }, (_, seed) => noiseOf(seed + 1, 2_000_000));
const image = imageOf({ layers, compression: 'none' });
const isLayer = ({ path }: Seen) => layers.some(({ diffId }) => path.endsWith(diffId));

let work: Workplace;
let registry: TestRegistry;
beforeEach(async () => {
  work = new Workplace();
  registry = await TestRegistry.start({ auth: AUTH });
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

/** Builds a bundle, and checks every byte of it. */
async function bundle(...repositories: string[]): Promise<void> {
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

const asked = (wanted: (seen: Seen) => boolean) => registry.seen.filter(wanted);
const tokenRequests = () => asked(({ path }) => path === '/token').length;

/** Holds the first transfers back until so many wait, and lets the token expire then. */
function expireUnder(count: number): void {
  const waiting: (() => void)[] = [];
  let over = false;
  registry.fault = (seen, response, content) => {
    if (over || !isLayer(seen)) return false;
    waiting.push(() => refuse(response));
    if (waiting.length < count) return true;
    over = true;
    registry.expire();
    // The last one is refused long after the first has a new token.
    for (const [at, answer] of waiting.entries()) setTimeout(answer, at === count - 1 ? 500 : 0);
    return Boolean(content);
  };
}

function refuse(response: ServerResponse): void {
  response.setHeader('www-authenticate', `Bearer realm="http://${registry.host}/token",service="test"`);
  sendError(response, 401, 'UNAUTHORIZED', 'the token has expired');
}

describe('a token that expires in the middle of a run', () => {
  it('is renewed once, however many transfers wait for it and whenever they were refused', async () => {
    expireUnder(AT_ONCE);
    await bundle('team/app');
    expect(tokenRequests()).toBe(2);
    expect(asked(seen => isLayer(seen) && seen.authorization === 'Bearer the-token-2')).toHaveLength(AT_ONCE);
  });

  it('is renewed once for each repository that still needs it', async () => {
    expireUnder(AT_ONCE);
    await bundle('team/app', 'team/other');
    expect(tokenRequests()).toBe(3);
  });

  it('leaves what has arrived, and the transfer goes on from there', async () => {
    let broken: string | undefined;
    registry.fault = (seen, response, content = Buffer.alloc(0)) => {
      if (broken || !isLayer(seen)) return false;
      broken = seen.path;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, ARRIVED), () => response.socket?.end());
      registry.expire();
      return true;
    };
    await bundle('team/app');
    const ranges = new Set(asked(({ path }) => path === broken).map(({ range }) => range));
    expect(ranges).toEqual(new Set([undefined, `bytes=${ARRIVED}-1999999`]));
    expect(tokenRequests()).toBe(2);
  });

  it('is renewed although the token service fails at first', async () => {
    expireUnder(AT_ONCE);
    const { fault } = registry;
    let failures = 0;
    registry.fault = (seen, response, content) => {
      if (seen.path !== '/token' || registry.token === 'the-token-1' || failures > 0)
        return fault?.(seen, response, content) ?? false;
      failures += 1;
      sendError(response, 503, 'UNAVAILABLE', 'not now');
      return true;
    };
    await bundle('team/app');
    expect(failures).toBe(1);
    expect(tokenRequests()).toBe(3);
  });

  it('ends the run with an error that says so when a new one is refused as well', async () => {
    registry.fault = (seen, response, content) => {
      if (!isLayer(seen)) return false;
      if (content && seen.authorization === undefined) sendBlob(response, content, undefined);
      else refuse(response);
      return true;
    };
    await expect(bundle('team/app')).rejects.toMatchObject({ code: 'DENIED' });
  });
});
