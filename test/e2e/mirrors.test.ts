import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { build } from '@airgap/core';
import { expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

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

it('a mirror that is down is not tried again for each blob', async () => {
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
