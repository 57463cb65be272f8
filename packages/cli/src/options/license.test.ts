import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { licensed } from './license.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-license-'));
  writeFileSync(join(folder, 'license.yaml'), 'kind: License\nspec: {licenseID: abc}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['a file', () => join(folder, 'license.yaml'), 'abc'],
  ['an id', () => '2vXkJq8Zb0nTq', '2vXkJq8Zb0nTq'],
])('reads %s', async (_name, license, id) =>
  expect(await licensed(license())).toHaveProperty(['proxy.replicated.com', 'password'], id),
);

it('rejects a missing file', () =>
  expect(licensed('/nonexistent/license.yaml')).rejects.toMatchObject({ code: 'INPUT' }));
