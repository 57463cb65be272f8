import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlatformChoice } from '../oci/platform.ts';
import { isRuntimeTarget, parseRuntimeTarget } from './target.ts';

const { signal } = new AbortController();
const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-runtime-'));
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Installs a program: it records its arguments, then runs a script. */
function install(name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "$@" >> ${folder}/args\n${script}\n`);
  chmodSync(path, 0o755);
}

const args = () => readFileSync(join(folder, 'args'), 'utf8').trim().split('\n');
const prints = (text: string) => `cat <<'END'\n${text}\nEND`;

describe('a target', () => {
  it.each([
    ['docker:', true],
    ['podman:', true],
    ['containerd:', true],
    ['containerd:k8s.io', true],
    ['docker:x', true],
    ['docker', false],
    ['docker:5000', false],
    ['podman:5000/team', false],
    ['registry.test/docker:', false],
    ['docker.io/team', false],
  ])('%s is a runtime: %s', (text, expected) => expect(isRuntimeTarget(text)).toBe(expected));

  it.each([
    ['docker:', 'Docker'],
    ['podman:', 'podman'],
    ['containerd:', 'containerd'],
    ['containerd:k8s.io', 'containerd (k8s.io)'],
  ])('%s is %s', (text, title) => expect(parseRuntimeTarget(text).title).toBe(title));

  it.each([
    ['docker:x'],
    ['podman:x'],
    ['containerd:a b'],
    ['containerd:-x'],
    ['containerd:a..b'],
    [`containerd:${'a'.repeat(77)}`],
    ['x:'],
  ])('%s is invalid', text =>
    expect(() => parseRuntimeTarget(text)).toThrow(`invalid runtime target: "${text}"`),
  );
});

describe('the images of', () => {
  it.each<[string, string, string, object[]]>([
    [
      'docker:',
      'docker',
      [
        JSON.stringify({ ID: A, Repository: 'redis', Tag: '7', Digest: B, Size: '77.8MB' }),
        JSON.stringify({ ID: B, Repository: '<none>', Tag: '<none>', Digest: '<none>' }),
        JSON.stringify({ ID: B, Repository: 'a.test/x', Tag: '<none>' }),
      ].join('\n'),
      [
        { id: A, names: ['docker.io/library/redis:7', `docker.io/library/redis@${B}`], size: 77_800_000 },
        { id: B, names: [], size: 0 },
        { id: B, names: [], size: 0 },
      ],
    ],
    [
      'podman:',
      'podman',
      JSON.stringify([
        { Id: 'a'.repeat(64), Names: ['localhost/x:1'], RepoDigests: [`localhost/x@${B}`], Size: 5000 },
        { Id: 'b'.repeat(64), Names: null },
      ]),
      [
        { id: A, names: ['localhost/x:1', `localhost/x@${B}`], size: 5000 },
        { id: B, names: [], size: 0 },
      ],
    ],
    [
      'containerd:k8s.io',
      'ctr',
      `REF TYPE DIGEST SIZE\na.test/x:1  application/x ${A} 1 MiB linux/amd64 -\nNot/Valid application/x ${B} 1 MiB - -`,
      [
        { id: A, names: ['a.test/x:1'], size: 1_048_576 },
        { id: B, names: [], size: 1_048_576 },
      ],
    ],
  ])('%s are read', async (target, program, output, images) => {
    install(program, prints(output));
    expect(await parseRuntimeTarget(target).images(signal)).toEqual(images);
  });

  it.each([
    ['docker:', 'docker', 'usage'],
    ['docker:', 'docker', '{"ID":1}'],
    ['podman:', 'podman', '{}'],
    ['podman:', 'podman', ''],
  ])('%s are not read from other output', async (target, program, output) => {
    install(program, prints(output));
    const reading = parseRuntimeTarget(target).images(signal);
    await expect(reading).rejects.toMatchObject({
      code: 'RUNTIME',
      message: `unexpected output from ${program}`,
    });
  });
});

describe('images are exported from', () => {
  const linux = [{ os: 'linux', architecture: 'amd64' }];

  it.each<[string, string, PlatformChoice, string]>([
    ['docker:', 'docker', linux, 'save a.test/x:1 a.test/y:1'],
    [
      'podman:',
      'podman',
      linux,
      'save --quiet --format docker-archive --multi-image-archive a.test/x:1 a.test/y:1',
    ],
    ['containerd:', 'ctr', linux, 'images export --platform linux/amd64 - a.test/x:1 a.test/y:1'],
    [
      'containerd:k8s.io',
      'ctr',
      'all',
      '--namespace k8s.io images export --all-platforms - a.test/x:1 a.test/y:1',
    ],
  ])('%s with %s', async (target, program, platforms, command) => {
    install(program, prints('the tar'));
    let exported = '';
    const request = { names: ['a.test/x:1', 'a.test/y:1'], platforms };
    await parseRuntimeTarget(target).export(
      request,
      async stdout => {
        for await (const chunk of stdout) exported += chunk;
      },
      signal,
    );
    expect([args(), exported.trim()]).toEqual([[command], 'the tar']);
  });

  it('a runtime that is stopped when its output cannot be stored', async () => {
    install('docker', 'while true; do echo more; done');
    const full = new Error('the disk is full');
    const exporting = parseRuntimeTarget('docker:').export(
      { names: ['a.test/x:1'], platforms: 'all' },
      async stdout => {
        for await (const _chunk of stdout) throw full;
      },
      signal,
    );
    await expect(exporting).rejects.toBe(full);
  });
});

describe('a bundle is written to', () => {
  it.each([
    ['docker:', 'docker', 'load --quiet'],
    ['podman:', 'podman', 'load --quiet'],
    ['containerd:', 'ctr', 'images import --all-platforms -'],
    ['containerd:k8s.io', 'ctr', '--namespace k8s.io images import --all-platforms -'],
  ])('%s with %s %s', async (target, program, command) => {
    install(program, `cat > ${folder}/stdin`);
    await parseRuntimeTarget(target).load(async stdin => void stdin.write('the bundle'), signal);
    expect([args(), readFileSync(join(folder, 'stdin'), 'utf8')]).toEqual([[command], 'the bundle']);
  });

  it('containerd without unpacking artifacts, and to no other runtime', async () => {
    install('ctr', 'cat > /dev/null');
    await parseRuntimeTarget('containerd:').importArtifacts?.(async () => {}, signal);
    expect(args()).toEqual(['images import --all-platforms --no-unpack -']);
    for (const target of ['docker:', 'podman:'])
      expect(parseRuntimeTarget(target).importArtifacts).toBeUndefined();
  });

  it('no runtime once it fails', async () => {
    install('docker', 'cat > /dev/null; echo "no space left" >&2; exit 1');
    const loading = parseRuntimeTarget('docker:').load(async () => {}, signal);
    await expect(loading).rejects.toMatchObject({
      code: 'RUNTIME',
      message: 'docker failed to load the bundle: no space left',
    });
  });

  it('no runtime completely when writing fails', async () => {
    install('docker', `cat > ${folder}/stdin; echo done > ${folder}/done`);
    const loading = parseRuntimeTarget('docker:').load(async () => {
      throw new Error('damaged');
    }, signal);
    await expect(loading).rejects.toThrow('damaged');
    expect(() => readFileSync(join(folder, 'done'))).toThrow();
  });
});

it('a runtime that is not installed is named', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  await expect(parseRuntimeTarget('containerd:').images(signal)).rejects.toMatchObject({
    code: 'RUNTIME',
    message: 'ctr is not installed on this machine',
  });
});
