import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AIRGAP } from '../support/airgap.ts';
import { dist, mustRun, run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-old-nodes-'));

beforeAll(() => dist(folder, '--single-file'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['12', '14', '16', '18', '20.18'])('Node %s', version => {
  let node = '';
  let unavailable = '';

  beforeAll(async () => {
    const place = join(folder, version);
    node = join(place, 'node_modules/node/bin/node');
    const install = ['install', '--prefix', place, '--no-audit', '--no-fund', `node@${version}`] as const;
    try {
      await mustRun(['npm', ...install]);
    } catch (error) {
      unavailable = `npm cannot install it: ${error}`;
    }
  });

  it.each([AIRGAP, join(folder, 'airgap.cjs')])('is reported by %s', async path => {
    if (unavailable !== '') throw new Error(unavailable);
    const { stdout } = await run([node, '-p', 'process.versions.node']);
    expect(await run([node, path, 'load', 'bundle.tar', 'registry.local'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: airgap needs Node 20.19 or later; this is ${stdout.trim()} (${node})
  next: Install a newer Node.js, or use the single executable of airgap, which needs none.\n`,
    });
  });
});
