import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';
import { imageOf, noiseLayer, sha256 } from '../support/images/image.ts';
import { findProgram } from '../support/programs/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = `${ROOT}/pipeline/examples`;
const PROGRAM = readFileSync(`${ROOT}/packages/cli/dist/airgap.cjs`);

const text = (name: string) => readFileSync(`${EXAMPLES}/${name}`, 'utf8');

let registry: TestRegistry;
/** A release, as it is published. */
let release: Server;
let address: string;

beforeAll(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1.0', imageOf({ layers: [await noiseLayer('pipeline', 100_000)] }));
  const files: Record<string, Buffer> = {
    '/airgap.cjs': PROGRAM,
    '/SHA256SUMS': Buffer.from(
      `${sha256(PROGRAM).slice(7)}  airgap.cjs\n${'0'.repeat(64)}  airgap-linux-x64\n`,
    ),
    '/damaged/airgap.cjs': Buffer.concat([PROGRAM, Buffer.from('\n')]),
  };
  files['/damaged/SHA256SUMS'] = files['/SHA256SUMS'] as Buffer;
  release = createServer(({ url = '' }, response) => {
    const file = files[url];
    response.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise<void>(resolve => release.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(release.address() as AddressInfo).port}`;
});
afterAll(async () => {
  release.close();
  await registry[Symbol.asyncDispose]();
});

async function bash(script: string, cwd: string, env: Record<string, string> = {}) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: { ...process.env, ...WITHOUT_SETTINGS, AIRGAP_RELEASE: address, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const status = await new Promise<number | null>(resolve => child.on('close', resolve));
  return { status, output };
}

const inputs = () => new TempDir({ 'images.txt': `${registry.host}/team/app:1.0\n` });

interface Steps {
  readonly steps: readonly { readonly run?: string; readonly script?: string }[];
}

/** The scripts of an example, in the order in which the pipeline runs them. */
const SCRIPTS: Record<string, () => string[]> = {
  'github.yml': () => {
    const { jobs } = parse(text('github.yml')) as { jobs: Record<string, Steps> };
    return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  },
  'gitlab-ci.yml': () => {
    const file = parse(text('gitlab-ci.yml')) as {
      default: { before_script: string[] };
      lint: { script: string[] };
      bundle: { script: string[] };
    };
    return [...file.default.before_script, ...file.lint.script, ...file.bundle.script];
  },
  Jenkinsfile: () =>
    [...text('Jenkinsfile').matchAll(/\bsh (?:'''(?<long>.*?)'''|'(?<short>[^'\n]+)')/gs)].map(
      ({ groups }) => groups?.long ?? groups?.short ?? '',
    ),
  'tekton.yaml': () => {
    const { spec } = parse(text('tekton.yaml')) as { spec: Steps };
    return spec.steps.map(({ script = '' }) => script);
  },
};

describe.each(Object.keys(SCRIPTS))('the example %s', name => {
  const scripts = SCRIPTS[name]?.() ?? [];

  it('gets a released program, lints, builds and verifies', async () => {
    expect(scripts.length).toBeGreaterThanOrEqual(3);
    using work = inputs();
    for (const script of scripts) expect(await bash(script, work.path)).toMatchObject({ status: 0 });
    expect(work.files()).toEqual(
      expect.arrayContaining(['SHA256SUMS', 'airgap.cjs', 'bundle.tar', 'images.txt']),
    );
  });

  it('stops at a program that was changed', async () => {
    using work = inputs();
    const { status, output } = await bash(scripts[0] ?? '', work.path, {
      AIRGAP_RELEASE: `${address}/damaged`,
    });
    const next = status === 0 ? await bash(scripts[1] ?? '', work.path) : { status, output };
    expect(next.output).toContain('FAILED');
    expect(next.status).not.toBe(0);
  });
});

it('the example of a Kubernetes Job loads the bundle with the program beside it', async () => {
  const job = parse(text('kubernetes-job.yaml')) as {
    kind: string;
    spec: { template: { spec: { containers: { command: string[]; args: string[] }[] } } };
  };
  expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job' });
  const [container] = job.spec.template.spec.containers;
  expect(container?.command).toEqual(['bash', '-euo', 'pipefail', '-c']);
  await using target = await TestRegistry.start();
  using work = inputs();
  copyFileSync(`${ROOT}/packages/cli/dist/airgap.cjs`, work.file('airgap.cjs'));
  expect(await bash('node airgap.cjs build images.txt -o bundle.tar', work.path)).toMatchObject({
    status: 0,
  });
  const { status, output } = await bash(container?.args[0] ?? '', work.path, { REGISTRY: target.host });
  expect(output).toContain(`${target.host}/team/app:1.0`);
  expect(status).toBe(0);
});

it('the example of Tekton is a Task, that of Jenkins a declarative pipeline with balanced braces', () => {
  expect(parse(text('tekton.yaml'))).toMatchObject({ apiVersion: 'tekton.dev/v1', kind: 'Task' });
  const jenkins = text('Jenkinsfile');
  expect(jenkins).toMatch(/^pipeline \{\n {2}agent any\n {2}environment \{.*\n {2}stages \{\n {4}stage\('/ms);
  expect(jenkins.split('{')).toHaveLength(jenkins.split('}').length);
});

it.skipIf(findProgram('actionlint') === undefined)('actionlint accepts the example of GitHub', async () => {
  using work = new TempDir();
  mkdirSync(work.file('.github/workflows'), { recursive: true });
  writeFileSync(work.file('.github/workflows/bundle.yml'), text('github.yml'));
  expect(await bash('git init -q . && actionlint', work.path)).toEqual({ status: 0, output: '' });
});

describe('pipeline/airgap.sh in a checkout that is not built', () => {
  /** A checkout with the script and the version only. */
  function checkout() {
    const place = new TempDir({ 'a.yaml': 'a: 1\n' });
    for (const folder of ['pipeline', 'packages/cli']) mkdirSync(place.file(folder), { recursive: true });
    copyFileSync(`${ROOT}/pipeline/airgap.sh`, place.file('pipeline/airgap.sh'));
    copyFileSync(`${ROOT}/packages/cli/package.json`, place.file('packages/cli/package.json'));
    return place;
  }

  it('downloads the released program once', async () => {
    using place = checkout();
    const env = { XDG_CACHE_HOME: place.file('cache') };
    const first = await bash('pipeline/airgap.sh --version', place.path, env);
    expect(first.output).toMatch(/^airgap \S+ \(single file, node v/);
    const offline = await bash('pipeline/airgap.sh --version', place.path, {
      ...env,
      AIRGAP_RELEASE: 'http://127.0.0.1:1',
    });
    expect(offline).toEqual(first);
  });

  it('does not run a program that was changed', async () => {
    using place = checkout();
    const env = { XDG_CACHE_HOME: place.file('cache'), AIRGAP_RELEASE: `${address}/damaged` };
    const { status, output } = await bash('pipeline/airgap.sh --version', place.path, env);
    expect(output).toContain('airgap.cjs: FAILED');
    expect(status).toBe(1);
  });
});
