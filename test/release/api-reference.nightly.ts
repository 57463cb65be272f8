import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { mustRun, ROOT } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-api-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('documents every verb of the library', async () => {
  await mustRun([process.execPath, join(ROOT, 'node_modules/typedoc/bin/typedoc'), '--out', folder]);
  for (const verb of ['lint', 'plan', 'build', 'verify', 'inspect', 'diff', 'load', 'serve'])
    expect(existsSync(join(folder, `functions/${verb}.html`)), verb).toBe(true);
});
