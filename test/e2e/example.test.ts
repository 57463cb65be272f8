import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Layout, openLayout, verify } from '@airgap/core';
import { beforeAll, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseLayer, type TestImage } from '../support/images/image.ts';
import { output } from '../support/programs/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const IMAGE = 'docker.io/library/redis:7';

let image: TestImage;
let layer: string;
beforeAll(async () => {
  const noise = await noiseLayer('example', 1_000_000);
  image = imageOf({ layers: [noise, await noiseLayer('example 2', 100_000)] });
  layer = image.bytes.toString().match(/sha256:[0-9a-f]+(?=","size":1\d{6}\b)/)?.[0] ?? '';
});

async function startRegistry(): Promise<TestRegistry> {
  const registry = await TestRegistry.start();
  registry.push('library/redis:7', image);
  return registry;
}

function example(name: string, ...args: readonly string[]): [string, ...string[]] {
  const tsx = import.meta.resolve('tsx');
  return [process.execPath, '-C', 'source', '--import', tsx, `${ROOT}docs/examples/${name}.ts`, ...args];
}

it('the examples of the docs build, verify and inspect a bundle, and copy an image of it', async () => {
  await using registry = await startRegistry();
  using work = new TempDir();
  const mirror = `http://${registry.host}`;
  const built = await output(...example('build', 'redis:7', work.file('bundle.tar'), mirror));
  expect(built).toContain(`${IMAGE}: 0 problems`);
  const args = [work.file('bundle.tar'), 'redis:7', work.file('layout'), mirror];
  expect(await output(...example('nouns', ...args))).toBe(`${image.digest}\n`);
  await using layout: Layout = await openLayout(work.file('layout'));
  expect(await layout.names()).toMatchObject([{ descriptor: { digest: image.digest } }]);
  expect(await verify({ bundle: work.file('layout') })).toMatchObject({ form: 'directory', problems: [] });
});

it('the service of the docs streams a bundle, and stops the build when the client disconnects', async () => {
  await using registry = await startRegistry();
  await using service = await startService(`http://${registry.host}`);
  const url = `${service.url}/bundle?image=redis:7`;

  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('application/x-tar');
  const bundle = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-length')).toBe(String(bundle.length));
  expect(await verify({ bundle: new Blob([bundle]).stream() })).toMatchObject({
    images: [IMAGE],
    problems: [],
  });

  const stopped = new Promise<void>(resolve => {
    registry.fault = ({ path }, layerResponse, content) => {
      if (!path.endsWith(layer) || content === undefined) return false;
      layerResponse.writeHead(200, { 'content-length': content.length });
      layerResponse.write(content.subarray(0, content.length / 2));
      layerResponse.on('close', resolve);
      return true;
    };
  });
  const client = new AbortController();
  const halted = await fetch(url, { signal: client.signal });
  const reader = halted.body?.getReader();
  for (let received = 0; received < 300_000; ) received += (await reader?.read())?.value?.length ?? Infinity;
  client.abort();
  await stopped;
  const requests = registry.seen.length;
  await sleep(1000);
  expect(registry.seen.length).toBe(requests);

  registry.fault = undefined;
  const next = await fetch(url);
  expect(Buffer.from(await next.arrayBuffer()).equals(bundle)).toBe(true);
});

it('the service of the docs answers errors with their code', async () => {
  await using registry = await startRegistry();
  await using service = await startService(`http://${registry.host}`);
  const errors: [string, number, string][] = [
    [`/bundle?image=${registry.host}/library/redis:8`, 404, 'NOT_FOUND'],
    ['/bundle?image=not%20a%20name', 400, 'INPUT'],
    ['/bundle', 404, 'USAGE'],
  ];
  for (const [path, status, code] of errors) {
    const response = await fetch(`${service.url}${path}`);
    expect([path, response.status, await response.json()]).toMatchObject([path, status, { code }]);
  }
});

async function startService(mirror: string): Promise<AsyncDisposable & { readonly url: string }> {
  const [program, ...args] = example('service', '0', mirror);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(child.stdout), 'line');
  return {
    url,
    async [Symbol.asyncDispose]() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}
