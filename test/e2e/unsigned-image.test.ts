import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { build, plan } from '@airgap/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

const work = new TempDir();
let registry: TestRegistry;
const specs = [{ file: 'app.txt', text: 'quay.io/team/app:1\n' }];

beforeAll(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [noiseOf(1, 1000)] }));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(work.file('key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

it('is not built where a policy wants a signature, also from a plan', async () => {
  const mirrors = { 'quay.io': `http://${registry.host}` };
  const signatures = [{ pattern: 'quay.io/**', key: work.file('key.pem') }];
  const options = { mirrors, signatures, output: work.file('app.tar') };
  const planned = await plan({ specs, mirrors, signatures });
  await expect(build({ ...options, specs })).rejects.toMatchObject({ code: 'SIGNATURE' });
  await expect(build({ ...options, plan: planned })).rejects.toMatchObject({ code: 'SIGNATURE' });
  expect(work.files()).toEqual(['key.pem']);
});
