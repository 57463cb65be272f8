import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { missingPrograms, output } from '../support/programs/program.ts';
import { dist, mustRun, type RunSettings, run } from './run.ts';

const HOST = `${process.platform}-${process.arch}`;
const { version } = JSON.parse(
  readFileSync(new URL('../../packages/cli/package.json', import.meta.url), 'utf8'),
);

const folder = mkdtempSync(join(tmpdir(), 'airgap-programs-'));
const file = (name: string) => join(folder, name);
/** Each program alone in its folder: nothing beside it can help. */
const PROGRAMS = {
  'airgap.cjs': { form: 'single file', command: [process.execPath, file('cjs/airgap.cjs')] },
  executable: { form: 'single executable', command: [file('executable/airgap')] },
} as const;

let registry: TestRegistry;

beforeAll(async () => {
  await dist(file('dist'));
  mkdirSync(file('cjs'));
  mkdirSync(file('executable'));
  mkdirSync(file('work'));
  cpSync(file('dist/airgap.cjs'), file('cjs/airgap.cjs'));
  cpSync(file(`dist/airgap-${HOST}`), file('executable/airgap'));
  registry = await TestRegistry.start();
  const base = await noiseLayer('base', 3_000_000);
  const images = await Promise.all(
    ['a', 'b'].map(async seed => imageOf({ layers: [base, await noiseLayer(seed, 500_000)] })),
  );
  const names = images.map((image, at) => {
    registry.push(`team/app-${at}:1`, image);
    return `${registry.host}/team/app-${at}:1\n`;
  });
  writeFileSync(file('work/list.txt'), names.join(''));
  const env = { DOCKER_CONFIG: '/nonexistent' };
  await mustRun([process.execPath, AIRGAP, 'build', 'list.txt', '-o', 'package.tar'], {
    cwd: file('work'),
    env,
  });
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('comes with the notices of everything in it', () => {
  expect(readdirSync(file('dist')).sort()).toEqual([
    'NODE-LICENSE.txt',
    'THIRD-PARTY-NOTICES.txt',
    `airgap-${HOST}`,
    'airgap.cjs',
  ]);
});

it('the executable ignores NODE_OPTIONS', async () => {
  const env = { NODE_OPTIONS: '--require=/nonexistent' };
  expect(await run([file('executable/airgap'), '--version'], { env })).toMatchObject({ status: 0 });
});

describe.each(Object.entries(PROGRAMS))('%s', (_name, { form, command }) => {
  const program = (args: string[], settings: RunSettings = {}) =>
    run([...command, ...args], { cwd: file('work'), ...settings });

  it('says what it is', async () => {
    expect(await program(['--version'])).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        new RegExp(`^airgap ${version.replaceAll('.', '\\.')} \\(${form}, node v\\d+\\.\\d+\\.\\d+\\)\n$`),
      ),
      stderr: '',
    });
  });

  it('explains every command', async () => {
    for (const subcommand of ['lint', 'build', 'load', 'serve', 'verify'])
      expect(await program([subcommand, '--help'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('builds the same bytes as the package', async () => {
    const output = `${form.replace(' ', '-')}.tar`;
    expect(await program(['build', 'list.txt', '-o', output])).toMatchObject({ status: 0 });
    expect(readFileSync(file(`work/${output}`)).equals(readFileSync(file('work/package.tar')))).toBe(true);
  });

  it('verifies a bundle, and finds a damaged byte', async () => {
    expect(await program(['verify', 'package.tar'])).toMatchObject({ status: 0 });
    const bytes = readFileSync(file('work/package.tar'));
    const at = bytes.length - 20_000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file('work/damaged.tar'), bytes);
    expect(await program(['verify', 'damaged.tar'])).toMatchObject({ status: 1 });
  });

  it('fails with the status of what failed', async () => {
    expect(await program(['frobnicate'])).toMatchObject({ status: 2 });
    expect(await program(['verify', 'absent.tar'])).toMatchObject({ status: 2 });
  });

  it('loads into a registry with a private CA and a login', async context => {
    const missing = missingPrograms('docker-registry', 'openssl', 'htpasswd');
    if (missing.length > 0) context.skip(`not installed: ${missing.join(', ')}`);
    const there = mkdtempSync(file('registry-'));
    const { ca, server } = await makeCertificates(there);
    writeFileSync(join(there, 'htpasswd'), await output('htpasswd', '-Bbn', 'me', 'a-password'));
    await using target = await Distribution.start(there, {
      host: 'localhost',
      http: { tls: { certificate: server.cert, key: server.key } },
      auth: { htpasswd: { realm: 'test', path: join(there, 'htpasswd') } },
    });
    const auth = Buffer.from('me:a-password').toString('base64');
    writeFileSync(join(there, 'config.json'), JSON.stringify({ auths: { [target.host]: { auth } } }));
    const load = (env: Record<string, string>) =>
      program(['load', 'package.tar', target.host, '--ca', ca], { env });
    expect(await load({ DOCKER_CONFIG: '/nonexistent' })).not.toMatchObject({ status: 0 });
    expect(await load({ DOCKER_CONFIG: there })).toMatchObject({ status: 0 });
  });
});
