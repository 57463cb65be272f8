import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imageOf, noiseLayer } from '../images/image.ts';
import { TestRegistry } from '../registry/registry.ts';

const AIRGAP = fileURLToPath(new URL('../../packages/cli/bin/airgap.js', import.meta.url));
const MB = 1_000_000;

const SPEC = `---
# kind: replicated
replicated_api_version: 2.40.0
name: Guestbook
images:
- name: redis
  source: public
  tag: 7.0-alpine
- name: guestbook/frontend
  source: dockerhub
  tag: 3.10
- name: worker
  source: replicated
---
# kind: scheduler-kubernetes
apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  replicas: {{repl ConfigOption "workers"}}
  template:
    spec:
      containers:
      - name: worker
        image: registry.replicated.com/guestbook/worker
`;

/** The main job, offline: a registry of demo images on loopback, a Replicated YAML, and the bundle that comes out. */
async function demo(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-demo-'));
  await using registry = await TestRegistry.start();
  await pushImages(registry);
  await writeFile(join(folder, 'app.yaml'), SPEC);
  const mirror = (host: string) => ['--mirror', `${host}=http://${registry.host}`];
  const known = ['--app', 'guestbook', '--registry', 'dockerhub=index.docker.io'];
  const airgap = (...args: string[]) => run(args, folder);
  try {
    await airgap('lint', 'app.yaml', ...known);
    const built = await airgap(
      'build',
      'app.yaml',
      ...known,
      ...mirror('docker.io'),
      ...mirror('registry.replicated.com'),
      '-o',
      'bundle.tar',
    );
    await airgap('inspect', 'bundle.tar');
    const verified = await airgap('verify', 'bundle.tar');
    return built || verified;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function pushImages(registry: TestRegistry): Promise<void> {
  const base = await noiseLayer('base', 8 * MB);
  registry.push('library/redis:7.0-alpine', imageOf({ layers: [base, await noiseLayer('redis', 3 * MB)] }));
  registry.push(
    'guestbook/frontend:3.10',
    imageOf({ layers: [base, await noiseLayer('frontend', 12 * MB)], types: 'docker' }),
  );
  registry.push('guestbook/worker:latest', imageOf({ layers: [base, await noiseLayer('worker', 5 * MB)] }));
}

/** Runs the program as a person would, and shows what was typed. */
async function run(args: readonly string[], cwd: string): Promise<number> {
  process.stdout.write(`\n$ airgap ${args.join(' ')}\n`);
  const child = spawn(process.execPath, [AIRGAP, ...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise(resolve => child.on('close', status => resolve(status ?? 1)));
}

process.exitCode = await demo();
