import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { ServingProcess } from '../support/programs/serving.ts';

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

/** The registries of the images in SPEC. */
const HOSTS = ['docker.io', 'registry.replicated.com'];

/**
 * Runs the main workflow offline: builds a bundle from a Replicated YAML and a registry of demo images on loopback, serves
 * the bundle with airgap serve, and builds it a second time from there.
 */
async function demo(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-demo-'));
  await using registry = await TestRegistry.start();
  await pushImages(registry);
  await writeFile(join(folder, 'app.yaml'), SPEC);
  const settings = ['--app', 'guestbook', '--registry', 'dockerhub=index.docker.io'];
  const airgap = (...args: string[]) => run(args, folder);
  const build = (mirrorOf: (host: string) => string, output: string) => {
    const mirrors = HOSTS.flatMap(host => ['--mirror', `${host}=${mirrorOf(host)}`]);
    return airgap('build', 'app.yaml', ...settings, ...mirrors, '-o', output);
  };
  try {
    await airgap('lint', 'app.yaml', ...settings);
    const built = await build(() => `http://${registry.host}`, 'bundle.tar');
    await airgap('inspect', 'bundle.tar');
    const verified = await airgap('verify', 'bundle.tar');
    process.stdout.write('\n$ airgap serve bundle.tar --listen 127.0.0.1:0\n');
    await using served = await ServingProcess.start([join(folder, 'bundle.tar')]);
    process.stdout.write(`${served.url}\n`);
    const rebuilt = await build(host => `${served.url}/${host}`, 'again.tar');
    return built || verified || rebuilt || (await compare(folder, 'bundle.tar', 'again.tar'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Compares two files. @returns the exit status */
async function compare(folder: string, ...names: readonly [string, string]): Promise<number> {
  const [first, second] = await Promise.all(names.map(name => readFile(join(folder, name))));
  const isSame = first !== undefined && second?.equals(first) === true;
  process.stdout.write(`\n${names.join(' and ')} ${isSame ? 'have the same bytes' : 'DIFFER'}\n`);
  return isSame ? 0 : 1;
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

/** Prints a command line and runs it. @returns the exit status */
async function run(args: readonly string[], cwd: string): Promise<number> {
  process.stdout.write(`\n$ airgap ${args.join(' ')}\n`);
  const child = spawn(process.execPath, [AIRGAP, ...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise(resolve => child.on('close', status => resolve(status ?? 1)));
}

process.exitCode = await demo();
