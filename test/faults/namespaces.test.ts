import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, airgap, TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { lacks } from '../support/programs/program.ts';

const missing = lacks('builds in two PID namespaces', 'unshare');
const asUser = process.getuid?.() !== 0;
if (asUser && !missing) process.stderr.write('\nSKIPPED: builds in two PID namespaces: not root\n');

/** As two containers with one host name and one folder. */
describe.skipIf(missing || asUser)('two builds of one bundle in two PID namespaces', () => {
  const work = new TempDir();
  const layer = noiseOf(1, 500_000);
  let registry: TestRegistry;
  let release: () => void;
  let released: Promise<void>;

  beforeAll(async () => {
    registry = await TestRegistry.start();
    registry.push('team/app:1', imageOf({ layers: [layer], compression: 'none' }));
    released = new Promise(resolve => {
      release = resolve;
    });
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  function args(output: string): string[] {
    const connection = ['--plain-http', registry.host, '--progress', 'none'];
    return ['build', work.file('list.txt'), '-o', output, ...connection];
  }

  /** Runs a build as the first process of a new PID namespace. */
  async function buildInNamespace(output: string): Promise<{ status: number | null; stderr: string }> {
    const isolate = ['--pid', '--fork', '--kill-child', '--mount-proc'];
    const child = spawn('unshare', [...isolate, process.execPath, AIRGAP, ...args(output)], {
      env: { ...process.env, ...WITHOUT_SETTINGS },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', chunk => (stderr += chunk));
    const status = await new Promise<number | null>(resolve => child.on('close', resolve));
    return { status, stderr };
  }

  it('do not write at the same time, and leave the right bytes', async () => {
    await airgap(args(work.file('alone.tar')));
    const output = work.file('shared.tar');
    // The first build waits for its layer while the second one starts.
    registry.fault = async ({ path }) => {
      if (path.endsWith(layer.diffId)) await released;
      return false;
    };
    const first = buildInNamespace(output);
    while (!existsSync(`${output}.partial.lock`)) await sleep(20);
    const second = await buildInNamespace(output);
    expect(second).toMatchObject({ status: 5, stderr: expect.stringContaining('in another container') });
    const third = await airgap(args(output));
    expect(third).toMatchObject({ status: 5 });
    release();
    expect(await first).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(output).equals(readFileSync(work.file('alone.tar')))).toBe(true);
    expect(existsSync(`${output}.partial.lock`)).toBe(false);
  });
});
