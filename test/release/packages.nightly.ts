import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { PackageRegistry } from './package-registry.ts';
import { mustRun, ROOT, run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-packages-'));
const file = (name: string) => join(folder, name);
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const { packageManager } = readJson(join(ROOT, 'package.json'));
const { version } = readJson(join(ROOT, 'packages/cli/package.json'));
const PNPM = packageManager.split('+')[0];
const LICENSE = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
/** npm as a user has it who has no settings. */
const NPM_SETTINGS = {
  npm_config_cache: file('npm-cache'),
  npm_config_userconfig: '/nonexistent',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};

beforeAll(async () => {
  copyWorkspace(file('workspace'));
  const pack = async (name: string) => {
    await mustRun(['npx', '--yes', PNPM, 'pack', '--pack-destination', folder], {
      cwd: file(`workspace/packages/${name}`),
    });
    mkdirSync(file(`unpacked-${name}`));
    await mustRun(['tar', '-xzf', tarball(name), '-C', file(`unpacked-${name}`), '--strip-components=1']);
  };
  await Promise.all([pack('core'), pack('cli')]);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tarball(name: string): string {
  return file(`airgap-${name}-${version}.tgz`);
}

/** The files that packages are made from, without anything that was built. */
function copyWorkspace(to: string): void {
  mkdirSync(to);
  for (const name of [
    'package.json',
    'pnpm-workspace.yaml',
    'pnpm-lock.yaml',
    'tsconfig.base.json',
    'packages',
  ])
    cpSync(join(ROOT, name), join(to, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: path => !path.endsWith('/dist'),
    });
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
  // The packages that are installed are this workspace's: the copy must not install into them.
  const settings = readFileSync(join(to, 'pnpm-workspace.yaml'), 'utf8');
  const changed = settings.replace('verifyDepsBeforeRun: install', 'verifyDepsBeforeRun: false');
  if (changed === settings) throw new Error('pnpm-workspace.yaml does not say verifyDepsBeforeRun: install');
  writeFileSync(join(to, 'pnpm-workspace.yaml'), changed);
}

async function namesIn(name: string): Promise<string[]> {
  const listing = await mustRun(['tar', '-tzf', tarball(name)]);
  return listing.trim().split('\n').sort();
}

describe.each(['core', 'cli'])('the package of %s', name => {
  it('has what a registry shows, and the licence', async () => {
    const manifest = readJson(file(`unpacked-${name}/package.json`));
    expect(manifest).toMatchObject({
      license: 'Apache-2.0',
      description: expect.any(String),
      keywords: expect.arrayContaining(['airgap']),
      bugs: expect.stringContaining('/issues'),
      repository: { type: 'git', directory: `packages/${name}` },
    });
    expect(readFileSync(file(`unpacked-${name}/LICENSE`), 'utf8')).toBe(LICENSE);
    expect(readFileSync(file(`unpacked-${name}/README.md`), 'utf8')).toContain(`# @airgap/${name}\n`);
  });

  it('has no maps, no build info, and points to nothing that it does not ship', async () => {
    const names = await namesIn(name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter(path => /\.map$|tsbuildinfo|\.test\.|\/src\//.test(path))).toEqual([]);
    const texts = names.filter(path => /\.(js|ts|json)$/.test(path));
    for (const path of texts) {
      const text = readFileSync(file(`unpacked-${name}/${path.slice('package/'.length)}`), 'utf8');
      expect(text, path).not.toMatch(/sourceMappingURL=|catalog:"|"workspace:|\.\/src\//);
    }
  });
});

it('npm refuses to pack what it cannot', async () => {
  const { npm_config_user_agent: _, ...env } = process.env;
  expect(await run(['npm', 'pack'], { cwd: file('workspace/packages/core'), env })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Run pnpm pack.'),
  });
});

it('has the notices of everything that is bundled', () => {
  const notices = readFileSync(file('unpacked-cli/dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
  const headings = [...notices.matchAll(/^-{80}\n(\S+) \S+ \((.+)\)$/gm)];
  const names = headings.map(([, name]) => name);
  expect(names).toEqual(
    expect.arrayContaining(['commander', 'p-limit', 'picocolors', 'undici', 'yaml', 'zod']),
  );
  expect(names).toEqual([...names].sort());
  const licenses = new Set(headings.map(([, , license]) => license));
  expect(
    [...licenses].filter(license => !/^(MIT|ISC|BSD-[23]-Clause|Apache-2\.0)$/.test(license ?? '')),
  ).toEqual([]);
  for (const section of notices.split(`${'-'.repeat(80)}\n`).slice(1))
    expect(section).toMatch(/permission|redistribution|terms and conditions/i);
});

it('installs the command line offline into an empty prefix, and runs it', async () => {
  const prefix = file('prefix');
  await mustRun(['npm', 'install', '--global', '--offline', '--prefix', prefix, tarball('cli')], {
    env: NPM_SETTINGS,
  });
  const airgap = join(prefix, 'bin/airgap');
  const path = `${join(process.execPath, '..')}:/usr/bin:/bin`;
  expect(await run([airgap, '--version'], { env: { PATH: path } })).toEqual({
    status: 0,
    stdout: `airgap ${version} (package, node ${process.version})\n`,
    stderr: '',
  });
  await using registry = await demoRegistry();
  writeFileSync(file('list.txt'), `${registry.host}/team/app:1\n`);
  const settings = { cwd: folder, env: { PATH: path, DOCKER_CONFIG: '/nonexistent' } };
  expect(await run([airgap, 'build', 'list.txt', '-o', 'installed.tar'], settings)).toMatchObject({
    status: 0,
  });
  expect(await run([airgap, 'verify', 'installed.tar'], settings)).toMatchObject({ status: 0 });
});

it('installs the library from a registry, and compiles and runs strict programs with it', async () => {
  const project = file('project');
  await using packages = await PackageRegistry.start();
  packages.addDependencies(join(ROOT, 'packages/core'));
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  await mustRun(['npm', 'install', '--registry', packages.origin, tarball('core')], {
    cwd: project,
    env: NPM_SETTINGS,
  });
  const examples = ['build.ts', 'nouns.ts', 'service.ts'];
  for (const name of examples) cpSync(join(ROOT, 'docs/examples', name), join(project, name));
  writeFileSync(join(project, 'types.ts'), TYPES_PROGRAM);
  const [, readme = ''] =
    /```ts\n([\s\S]*?)```/.exec(readFileSync(file('unpacked-core/README.md'), 'utf8')) ?? [];
  writeFileSync(join(project, 'readme.ts'), readme);
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      files: [...examples, 'readme.ts', 'types.ts'],
    }),
  );
  await mustRun([process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]);
  await using registry = await demoRegistry();
  const image = `${registry.host}/team/app:1`;
  const env = { DOCKER_CONFIG: '/nonexistent' };
  expect(await run([process.execPath, 'build.js', image, 'bundle.tar'], { cwd: project, env })).toMatchObject(
    {
      status: 0,
      stdout: `${image}: 0 problems\n`,
    },
  );
}, 300_000);

/** Uses the types of nouns and verbs. */
const TYPES_PROGRAM = `
import {
  type BuildOptions, type BuildResult, build, copyImage, type Descriptor, type Digest, type ImageSource, type ImageTarget, type Layout,
  type LayoutForm, type LoadResult, type LoadRuntimeResult, inspect, load, loadRegistry, MemoryStore, type OnEvent, openLayout, openRegistry, parseDigest,
  plan, Reference, type Registries, type TransferredBytes, verify,
} from '@airgap/core';

export async function copy(from: ImageSource, name: Reference, to: ImageTarget): Promise<Digest> {
  const copied: Descriptor = await copyImage(from, name, to, { tag: 'copy' });
  return parseDigest(copied.digest);
}

export async function use(path: string): Promise<readonly unknown[]> {
  const registries: Registries = await openRegistry({ concurrency: 2 });
  const layout: Layout = await openLayout(path);
  const name = Reference.parse('redis:7');
  await copy(layout, name, new MemoryStore());
  await copy(new MemoryStore(), name, registries.target(name));
  const planned = await plan({ specs: [{ file: 'list', text: 'redis:7' }], platforms: ['linux/arm64'] });
  const built: BuildResult = await build({ plan: planned, output: process.stdout });
  const transferred: TransferredBytes = built.transferred;
  const form: LayoutForm | 'part' = (await verify({ bundle: process.stdin })).form;
  const pushed: LoadResult = await load({ bundle: path, target: 'registry.local' });
  const loaded: LoadRuntimeResult = await load({ bundle: path, target: 'containerd:k8s.io' });
  const docker: LoadRuntimeResult = await load({ bundle: path, target: 'docker:', plainHttp: ['a.test'] });
  const either: LoadResult | LoadRuntimeResult = await load({ bundle: path, target: path });
  // @ts-expect-error Any text may be a runtime.
  const registry: LoadResult = await load({ bundle: path, target: path });
  const certain: LoadResult = await loadRegistry({ bundle: path, target: path });
  const inspected: LayoutForm = (await inspect({ bundle: path })).form;
  const times: number[] = [];
  const onEvent: OnEvent = ({ time }) => times.push(time);
  const options: BuildOptions = { output: path, onEvent: event => times.push(event.time) };
  await build({ ...options, plan: planned, onEvent });
  // @ts-expect-error Any text is not a digest.
  const digest: Digest = 'sha256:';
  return [transferred, form, inspected, pushed.uploaded, loaded.loaded, docker, either, registry, certain, digest];
}
`;

async function demoRegistry(): Promise<TestRegistry> {
  const registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [await noiseLayer('package', 500_000)] }));
  return registry;
}
