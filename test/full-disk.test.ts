import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, Workplace } from './airgap.ts';
import { imageOf, noiseLayer } from './images/image.ts';
import { TestRegistry } from './registry/registry.ts';

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
if (!isRoot) process.stderr.write('\nSKIPPED: the full disk, for want of the right to mount one\n');

describe.skipIf(!isRoot)('a disk of 4 MB', () => {
  const work = new Workplace();
  const disk = work.file('disk');
  let registry: TestRegistry;

  beforeAll(async () => {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
    registry = await TestRegistry.start();
    registry.push('team/large:1', imageOf({ layers: [await noiseLayer('large', 6_000_000)] }));
  });
  afterAll(async () => {
    execFileSync('umount', [disk]);
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  it('is found too small before anything is downloaded', async () => {
    const { status, stderr } = await airgap(['build', '-', '-o', `${disk}/bundle.tar`], {
      stdin: `${registry.host}/team/large:1\n`,
    });
    expect(stderr).toContain('not enough disk space');
    expect(status).toBe(5);
    expect(registry.seen.filter(({ path }) => path.includes('/blobs/'))).toHaveLength(1); // the config
    expect(readdirSync(disk)).toEqual([]);
  });
});
