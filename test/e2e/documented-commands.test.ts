import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { ObjectServer } from '../support/object-server.ts';
import { lacks } from '../support/programs/program.ts';
import { ServingProcess } from '../support/programs/serving.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = [
  'README.md',
  ...['docs/guides', 'docs/reference'].flatMap(folder =>
    readdirSync(`${ROOT}/${folder}`).map(name => `${folder}/${name}`),
  ),
];

/** Commands that do not run here, and why. The list is printed. */
const NOT_RUN: readonly [RegExp, string][] = [
  ...(lacks('a chart of the guides', 'helm') ? [[/--helm-values/, 'needs helm'] as [RegExp, string]] : []),
  [/^(?:kubectl|helm install) /, 'needs a cluster'],
  [/^SYFT_\w+=true syft /, 'another program'],
  [/^(?:docker|podman|ctr|skopeo) /, 'another program, tested in test/programs'],
  [
    /^airgap load \S+ (?:docker|podman|containerd):/,
    'needs a daemon, tested in test/programs/load-runtimes.test.ts',
  ],
  [/^airgap push docker:/, 'needs a daemon, tested in test/programs/push.test.ts'],
  [/^airgap load .* ghcr\.io/, 'needs an account, tested in test/e2e/outputs.test.ts'],
  [/^airgap login /, 'prompts, tested in test/programs/login.test.ts'],
  [/\bnpm\b|\bnpx\b|packages\/cli/, 'builds or installs, tested in test/release'],
  [
    /^(?:cosign|minisign|openssl|sed -n) /,
    'another program, tested in test/programs/signing-programs.nightly.ts',
  ],
  [/\bage -/, 'another program'],
  [/^copy \/b /, 'for Windows'],
  [/\| man -l/, 'a pager, tested in test/shell/completion.nightly.ts'],
];

/** A plan of shards, and its digest in a file. */
const PLANNED =
  'airgap shard plan app.yaml --shards 1 -o s3://releases/app.tar --json | sed -n \'s/.*"plan": "\\(.*\\)",/\\1/p\' > plan';

/** What the reader has done before. */
const PREPARED: readonly [RegExp, string][] = [
  [
    /--public-key|^sha256sum|^airgap sign|policy\.yaml/,
    'airgap build app.yaml -o bundle.tar --sign cosign.key',
  ],
  [/--delta-from app-1\.0\.lock/, 'airgap lock app.yaml -o app-1.0.lock'],
  [
    /^airgap retire --restore/,
    'airgap push oci:build/worker registry.replicated.com/my-app/worker:1.0 && airgap retire registry.replicated.com/my-app/worker:1.0 --yes && mv my-app-worker-1.0-*.json my-app-worker-1.0-0123456789ab.json',
  ],
  [/^airgap shard run/, PLANNED],
  [
    /^airgap shard finish/,
    `${PLANNED} && airgap shard run s3://releases/app.tar --plan "$(cat plan)" --shard 0`,
  ],
  [/^airgap retire/, 'airgap push oci:build/worker registry.replicated.com/my-app/worker:1.0'],
  [/^cat bundle\.tar\.\[/, 'airgap build app.yaml -o bundle.tar && airgap split bundle.tar --split 1MiB'],
];

/** Commands with findings or differences, or that show an error. */
const STATUS: readonly [RegExp, readonly number[]][] = [
  [/^airgap (?:lint|diff) /, [0, 1]],
  [/^airgap plan app\.yaml$/, [0, 2]],
];

interface Documented {
  readonly page: string;
  readonly command: string;
}

/** The commands in the blocks of a page: all lines of `sh`, and those after `$` of `console`. */
function commandsOf(page: string): Documented[] {
  const text = readFileSync(`${ROOT}/${page}`, 'utf8').replace(/\\\n\s*/g, '');
  const blocks = [...text.matchAll(/^ *```(?<kind>sh|bash|console)\n(?<body>.*?)^ *```/gms)];
  return blocks.flatMap(({ groups }) => {
    const lines = (groups?.body ?? '').split('\n').map(line => line.trim());
    const typed = groups?.kind === 'console' ? lines.filter(line => line.startsWith('$ ')) : lines;
    return typed
      .map(line => line.replace(/^\$ /, '').replace(/ {2,}# .*$/, ''))
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(command => ({ page, command }));
  });
}

const ALL = PAGES.flatMap(commandsOf);
const reasonFor = ({ command }: Documented) => NOT_RUN.find(([pattern]) => pattern.test(command))?.[1];
const runnable = ALL.filter(documented => reasonFor(documented) === undefined);

const SPEC = `# kind: replicated
images:
- {name: redis, source: public, tag: 7.0-alpine}
- {name: guestbook/frontend, source: dockerhub, tag: "3.10"}
- {name: worker, source: replicated}
`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec: {template: {spec: {containers: [{name: cache, image: "redis:7.0-alpine"}]}}}
`;

let registry: TestRegistry;
let target: TestRegistry;
let objects: ObjectServer;
const work = new TempDir({
  'app.yaml': SPEC,
  'images.txt': 'redis:7.0-alpine\n',
  'mine.yaml': '{}\n',
  'airgap.yaml': 'app: guestbook\nregistries: {dockerhub: index.docker.io}\n',
});
let env: Record<string, string>;

beforeAll(async () => {
  registry = await TestRegistry.start();
  objects = await ObjectServer.start();
  const password = 'secret of the documents';
  target = await TestRegistry.start({ auth: { scheme: 'basic', username: 'me', password } });
  const base = await noiseLayer('documents', 100_000);
  const workers = ['guestbook/worker:latest', 'my-app/worker:latest'];
  for (const name of ['library/redis:7.0-alpine', 'guestbook/frontend:3.10', ...workers])
    registry.push(name, imageOf({ layers: [base, await noiseLayer(name, 1000)] }));
  const auth = Buffer.from(`me:${password}`).toString('base64');
  writeFileSync(work.file('auth.json'), JSON.stringify({ auths: { [target.host]: { auth } } }));
  for (const folder of ['manifests', 'crs', 'media', 'layout', 'build/worker'])
    mkdirSync(work.file(folder), { recursive: true });
  writeFileSync(work.file('manifests/cache.yaml'), DEPLOYMENT);
  writeFileSync(work.file('crs/database.yaml'), 'kind: Database\nspec: {image: "redis:7.0-alpine"}\n');
  writeFileSync(work.file('airgap'), `#!/bin/sh\nexec "${process.execPath}" "${AIRGAP}" "$@"\n`);
  chmodSync(work.file('airgap'), 0o755);
  for (const name of ['airgap.cjs', 'airgap-linux-x64'])
    copyFileSync(`${ROOT}/packages/cli/dist/airgap.cjs`, work.file(name));
  const hosts = ['docker.io', 'registry.replicated.com'];
  env = {
    ...WITHOUT_SETTINGS,
    ...objects.environment,
    PATH: `${work.path}:${process.env.PATH}`,
    REGISTRY_AUTH_FILE: work.file('auth.json'),
    // The demo registry serves what the documents pull.
    AIRGAP_MIRROR: hosts.map(host => `${host}=http://${registry.host}`).join('\n'),
  };
  const built = await bash(
    'airgap build app.yaml -o bundle.tar && airgap build images.txt -o bundle-1.1.tar',
  );
  expect(built).toMatchObject({ status: 0 });
  for (const name of [
    'first.tar',
    'second.tar',
    'bundle-1.0.tar',
    'older.tar',
    'web.tar',
    'media/bundle.tar',
  ])
    copyFileSync(work.file('bundle.tar'), work.file(name));
  for (const name of ['app-1.0.tar', 'app-1.1.tar']) objects.put(name, readFileSync(work.file('bundle.tar')));
  copyFileSync(work.file('bundle-1.1.tar'), work.file('app-1.0.tar'));
  copyFileSync(work.file('bundle.tar'), work.file('app-1.1.tar'));
  execFileSync('tar', ['-xf', work.file('bundle.tar'), '-C', work.file('layout')]);
  execFileSync('tar', ['-xf', work.file('bundle-1.1.tar'), '-C', work.file('build/worker')]);
  makeKeys();
  await publishSigned('app-1.1.tar');
  packChart();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  await objects[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

/** The keys of the vendor, and a policy that requires no signature of an image. */
function makeKeys(): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(work.file('cosign.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(work.file('vendor.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(work.file('policy.yaml'), "signatures: [{ pattern: '*', required: false }]\n");
}

/** Puts a bundle with its signature into the object store. */
async function publishSigned(name: string): Promise<void> {
  expect(await bash(`airgap sign ${name} --key cosign.key`)).toMatchObject({ status: 0 });
  for (const file of readdirSync(work.path).filter(file => file.startsWith(name))) {
    objects.put(file, readFileSync(work.file(file)));
    if (file !== name) rmSync(work.file(file));
  }
}

/** Writes `chart-1.0.0.tgz`, whose values name an image of the bundle. */
function packChart(): void {
  mkdirSync(work.file('chart/templates'), { recursive: true });
  writeFileSync(work.file('chart/Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 1.0.0\n');
  writeFileSync(work.file('chart/values.yaml'), 'image: redis:7.0-alpine\n');
  const deployment = DEPLOYMENT.replace('"redis:7.0-alpine"', '{{ .Values.image }}');
  writeFileSync(work.file('chart/templates/cache.yaml'), deployment);
  execFileSync('tar', ['-czf', 'chart-1.0.0.tgz', 'chart'], { cwd: work.path });
  rmSync(work.file('chart'), { recursive: true });
}

/** A command with the hosts and folders of this test. */
function here(command: string): string {
  return command
    .replaceAll(/registry\.local:5000|registry\.example\.com/g, target.host)
    .replaceAll('https://downloads.example.com/', `http://${objects.host}/releases/`)
    .replaceAll('/media/usb/', 'media/')
    .replace('sha256:DIGEST', '"$(cat plan)"')
    .replace('https://staging.example.com', `http://${registry.host}`)
    .replaceAll(/airgap (?:push|retire) .*?registry\.replicated\.com\/\S+/g, asReplicated);
}

/** Runs a command as a reader would. */
async function bash(command: string) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', here(command)], {
    cwd: work.path,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const status = await new Promise<number | null>(resolve => child.on('close', resolve));
  return { status, output };
}

/** The registry of this test with the rules of the Replicated registry. */
function asReplicated(command: string): string {
  return `${command.replace('registry.replicated.com', target.host)} --registry-domain ${target.host}`;
}

describe('a command in the documents', () => {
  it.each(runnable.filter(({ command }) => !command.startsWith('airgap serve')))(
    'runs: $command ($page)',
    async ({ command }) => {
      for (const name of ['local', 'secret.yaml']) rmSync(work.file(name), { recursive: true, force: true });
      const [, before = 'true'] = PREPARED.find(([pattern]) => pattern.test(command)) ?? [];
      expect(await bash(before)).toMatchObject({ status: 0 });
      const { status, output } = await bash(command);
      const expected = STATUS.find(([pattern]) => pattern.test(command))?.[1] ?? [0];
      expect(expected, output).toContain(status);
      expect(output).not.toContain('this is a bug');
    },
  );

  it.each(runnable.filter(({ command }) => command.startsWith('airgap serve')))(
    'serves: $command ($page)',
    async ({ command }) => {
      const [, bundle = ''] = /^airgap serve (bundle\.tar|https:\S+)(?: &)?$/.exec(command) ?? [];
      const source = bundle.startsWith('https:') ? here(bundle) : work.file(bundle);
      await using serving = await ServingProcess.start([source]);
      expect((await fetch(`${serving.url}/v2/`)).status).toBe(200);
    },
  );
});

it('few commands are not run, each for a reason', () => {
  const others = ALL.filter(documented => reasonFor(documented) !== undefined);
  for (const documented of others)
    process.stderr.write(`not run: ${documented.command} (${documented.page}): ${reasonFor(documented)}\n`);
  expect(runnable.length).toBeGreaterThan(20);
  expect(others.length).toBeLessThan(45);
  for (const [pattern, reason] of NOT_RUN)
    expect(
      others.some(({ command }) => pattern.test(command)),
      reason,
    ).toBe(true);
});
