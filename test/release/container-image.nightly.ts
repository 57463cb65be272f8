import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { Docker } from '../support/programs/docker.ts';
import { missingPrograms } from '../support/programs/program.ts';
import { dist, mustRun, ROOT } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-image-'));
/** What the container sees: everybody may read it. */
const work = join(folder, 'work');
let docker: Docker | undefined;
const missing = missingPrograms('docker', 'dockerd');

beforeAll(async () => {
  if (missing.length > 0) return;
  chmodSync(folder, 0o755);
  mkdirSync(work);
  docker = await Docker.start(folder);
  // The Dockerfile takes dist/image of its context.
  const context = join(folder, 'context');
  await dist(join(context, 'dist'), '--image');
  await docker.run(
    'build',
    '--network',
    'none',
    '--file',
    join(ROOT, 'Dockerfile'),
    '--tag',
    'airgap',
    context,
  );
});
afterAll(async () => {
  await docker?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the image as a user would, with a folder mounted. */
function inContainer(...args: string[]): Promise<string> {
  if (!docker) throw new Error('no docker');
  return docker.run('run', '--rm', '--network', 'none', '--volume', `${work}:/work`, 'airgap', ...args);
}

it('verifies a bundle as a user without rights', async context => {
  if (!docker) return context.skip(`not installed: ${missing.join(', ')}`);
  await using registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [await noiseLayer('image', 100_000)] }));
  writeFileSync(join(work, 'list.txt'), `${registry.host}/team/app:1\n`);
  const env = { DOCKER_CONFIG: '/nonexistent' };
  await mustRun([process.execPath, AIRGAP, 'build', 'list.txt', '-o', 'bundle.tar'], { cwd: work, env });
  expect(await inContainer('--version')).toMatch(/^airgap \S+ \(single executable, node v24\./);
  await expect(inContainer('verify', 'bundle.tar')).resolves.toContain('bundle.tar');
  expect(await docker.run('inspect', '--format', '{{.Config.User}}', 'airgap')).toBe('65532:65532\n');
});

it('has no files but the program, its libraries, and certificates', async context => {
  if (!docker) return context.skip(`not installed: ${missing.join(', ')}`);
  await expect(
    docker.run('run', '--rm', '--network', 'none', '--entrypoint', '/bin/sh', 'airgap'),
  ).rejects.toThrow('no such file or directory');
});
