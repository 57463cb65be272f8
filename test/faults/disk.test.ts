import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, airgap, TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';

if (!canMount()) process.stderr.write('\nSKIPPED: failing disks: this process may not mount\n');

describe.skipIf(!canMount())('a disk that', () => {
  const work = new TempDir();
  const disk = work.file('disk');
  let registry: TestRegistry;

  beforeAll(async () => {
    mkdirSync(disk);
    registry = await TestRegistry.start();
    registry.push('team/large:1', imageOf({ layers: [await noiseLayer('large', 6_000_000)] }));
  });
  afterEach(() => {
    registry.fault = undefined;
    registry.seen.length = 0;
    execFileSync('umount', [disk]);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
  const build = () =>
    airgap(['build', '-', '-o', `${disk}/bundle.tar`], { stdin: `${registry.host}/team/large:1\n` });
  const blobRequests = () => registry.seen.filter(({ path }) => path.includes('/blobs/')).length;

  it('is too small is detected before a layer is downloaded', async () => {
    mount('size=4m');
    const { status, stderr } = await build();
    expect(stderr).toContain('not enough disk space');
    expect(status).toBe(5);
    expect(blobRequests()).toBe(1); // the config
    expect(readdirSync(disk)).toEqual([]);
  });

  it('fills up during the build ends it, and the partial file is removed', async () => {
    mount('size=10m');
    registry.fault = ({ path }) => {
      if (path.includes('/blobs/') && blobRequests() === 2)
        writeFileSync(`${disk}/other`, Buffer.alloc(6_000_000));
      return false;
    };
    const { status, stderr } = await build();
    expect(stderr).toContain('cannot write the bundle: the disk is full');
    expect(status).toBe(5);
    expect(readdirSync(disk)).toEqual(['other']);
  });

  it.each([
    ['a bundle', ['build', '-', '-o', '-'], '4m'],
    ['a manual', ['man'], '8k'],
    ['a completion', ['completion', 'bash'], '4k'],
    ['a schema', ['config', 'schema'], '4k'],
  ])('fills up ends the output of %s to a file on it', async (_what, args, size) => {
    mount(`size=${size}`);
    // The last write before a disk is full is a short one, which Node does not report.
    const outcome = await outputTo(`${disk}/output`, args, `${registry.host}/team/large:1\n`);
    expect(outcome).toEqual({
      status: 5,
      stderr: expect.stringContaining('cannot write to standard output'),
    });
  });

  it('is read-only is detected before the first request to a registry', async () => {
    mount('ro');
    const { status, stderr } = await build();
    expect(stderr).toContain('cannot write the bundle: the file system is read-only');
    expect(status).toBe(5);
    expect(registry.seen).toEqual([]);
  });
});

/** Runs the program with a file as standard output. */
async function outputTo(path: string, args: readonly string[], stdin: string) {
  const file = openSync(path, 'w');
  const child = spawn(process.execPath, [AIRGAP, ...args], {
    env: { ...process.env, ...WITHOUT_SETTINGS },
    stdio: ['pipe', file, 'pipe'],
  });
  closeSync(file);
  let stderr = '';
  child.stderr?.on('data', chunk => {
    stderr += chunk;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin);
  const [status] = await once(child, 'close');
  return { status, stderr };
}

function canMount(): boolean {
  using folder = new TempDir();
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder.path], { stdio: 'ignore' });
    execFileSync('umount', [folder.path]);
    return true;
  } catch {
    return false;
  }
}
