import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Nginx } from '../support/programs/nginx.ts';
import { lacks } from '../support/programs/program.ts';

const MB = 1_000_000;
/** Images in one list, so that manifests are requested as well as blobs. */
const IMAGES = 12;

const missing = lacks('throttled registries', 'docker-registry', 'nginx');

const requests = (rate: number) => ({
  http: `limit_req_zone $binary_remote_addr zone=requests:1m rate=${rate}r/s;`,
  location: 'limit_req zone=requests burst=5 nodelay;',
});
const connections = (limit: number) => ({
  http: 'limit_conn_zone $binary_remote_addr zone=connections:1m;',
  location: `limit_conn connections ${limit}; limit_rate 20m;`,
});

describe.skipIf(missing).concurrent('a build from a registry behind nginx', () => {
  const names = Array.from({ length: IMAGES }, (_, at) => `registry.test/team/app-${at}:1`);
  const work = new TempDir({ 'list.txt': `${names.join('\n')}\n` });
  let registry: Distribution;
  let unthrottled: Buffer;

  beforeAll(async () => {
    registry = await Distribution.start(work.path);
    for (const at of names.keys()) {
      const layers = [noiseOf(at + 1, 2 * MB), noiseOf(100, 40 * MB)];
      await registry.push(`team/app-${at}:1`, imageOf({ layers, compression: 'none' }));
    }
    await build(registry.host, 'unthrottled.tar');
    unthrottled = readFileSync(work.file('unthrottled.tar'));
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  function build(host: string, output: string) {
    const mirror = ['--mirror', `registry.test=http://${host}`];
    return airgap(['build', 'list.txt', '-o', output, ...mirror, '--progress', 'json'], { cwd: work.path });
  }

  it.each([
    ['20 requests a second', 503, requests(20)],
    ['5 requests a second', 429, requests(5)],
    ['3 connections', 503, connections(3)],
    ['1 connection', 429, connections(1)],
  ])('that allows %s and rejects more with %d, has the same bytes', async (name, code, limit) => {
    const folder = work.file(name.replaceAll(' ', '-'));
    mkdirSync(folder);
    const location = `${limit.location} limit_req_status ${code}; limit_conn_status ${code};`;
    await using nginx = await Nginx.start(folder, registry.host, { ...limit, location });
    const { status } = await build(nginx.host, `${folder}.tar`);
    expect(status).toBe(0);
    expect(readFileSync(`${folder}.tar`).equals(unthrottled)).toBe(true);
    expect(nginx.responses().filter(response => response.status === code).length).toBeGreaterThan(0);
  });
});
