import { chmodSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { layoutOf } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf, signatureOf, type TestImage, tarOf } from '../support/images/image.ts';

const NAME = 'registry.test/team/app:1';
const image = imageOf({ layers: [noiseOf(1, 50_000), noiseOf(2, 1000)], compression: 'none' });
const other = imageOf({ layers: [noiseOf(3, 1000)], compression: 'none' });
const arm = imageOf({ layers: [noiseOf(4, 1000)], platform: { os: 'linux', architecture: 'arm64' } });

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

/** Writes an OCI layout directory. */
async function writeLayout(name: string, images: Record<string, TestImage>): Promise<void> {
  mkdirSync(work.file(`${name}/blobs/sha256`), { recursive: true });
  for (const file of layoutOf(images)) writeFileSync(work.file(`${name}/${file.name}`), file.content ?? '');
}

beforeAll(async () => {
  await writeLayout('layout', { [NAME]: image });
  await writeLayout('multi', { [NAME]: indexOf([image, arm]) });
  await writeLayout('tagged', { '1': image });
  await writeLayout('signed', {
    [NAME]: image,
    [`registry.test/team/app:${image.digest.replace(':', '-')}.sig`]: signatureOf(image),
  });
  writeFileSync(work.file('archive.tar'), await tarOf(layoutOf({ [NAME]: image })));
  writeFileSync(work.file('list.txt'), `${NAME}\n`);
});

/** Runs a command in the folder of the test; nothing answers at registry.test. */
function run(command: string, ...args: string[]) {
  return airgap([command, 'list.txt', ...args], { cwd: work.path });
}

async function planned(...args: string[]) {
  const { stdout, stderr, status } = await run('plan', '--json', ...args);
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
  return JSON.parse(stdout.toString()).images.map(({ name, digest, from }: Record<string, string>) => ({
    name,
    digest,
    from,
  }));
}

describe('an image of a local source', () => {
  it.each([
    ['oci:layout', image],
    ['oci-archive:archive.tar', image],
    ['docker-archive:archive.tar', image],
    ['oci:layout:registry.test/team/app:1', image],
    [`${NAME}=oci:tagged:1`, image],
    [`${NAME}=oci:tagged`, image],
  ])('is taken from %s, without a request', async (from, { digest }) => {
    expect(await planned('--from', from)).toEqual([{ name: NAME, digest, from }]);
    const { status, stderr } = await run('build', '--from', from, '-o', 'bundle.tar');
    expect(stderr).not.toContain('registry.test');
    expect(status).toBe(0);
    const { status: verified } = await airgap(['verify', 'bundle.tar'], { cwd: work.path });
    expect(verified).toBe(0);
  });

  it('makes the same bundle as one from a registry', async () => {
    await using registry = await TestRegistry.start();
    registry.push('team/app:1', image);
    await run('build', '--mirror', `registry.test=http://${registry.host}`, '-o', 'registry.tar');
    await run('build', '--from', 'oci:layout', '-o', 'local.tar');
    expect(readFileSync(work.file('local.tar')).equals(readFileSync(work.file('registry.tar')))).toBe(true);
  });

  it('comes from the first source that has it', async () =>
    expect(
      await planned('--from', 'oci:tagged', '--from', 'oci:multi', '--from', 'oci:layout'),
    ).toMatchObject([{ from: 'oci:multi' }]));

  it('is shown with its source, next to images of registries', async () => {
    await using registry = await TestRegistry.start();
    registry.push('team/other:1', other);
    writeFileSync(work.file('two.txt'), `${NAME}\nregistry.test/team/other:1\n`);
    const mirror = `registry.test=http://${registry.host}`;
    const args = ['plan', 'two.txt', '--from', 'oci:layout', '--mirror', mirror];
    const { stdout } = await airgap(args, { cwd: work.path });
    const [head, ...rows] = stdout.toString().split('\n');
    expect(head).toMatch(/FROM$/);
    expect(rows[0]).toMatch(/team\/app.*oci:layout$/);
    expect(rows[1]).toMatch(/team\/other.*registry\.test$/);
    expect(registry.seen.filter(({ path }) => path.includes('team/app'))).toEqual([]);
  });

  it('brings its signatures along', async () => {
    const images = await planned('--from', 'oci:signed', '--referrers');
    expect(images.map(({ from }: { from: string }) => from)).toEqual(['oci:signed', 'oci:signed']);
  });

  it('counts for lint --online', async () => {
    const { status, stdout } = await run('lint', '--online', '--from', 'oci:layout');
    expect(stdout.toString()).toContain('0 errors, 0 warnings');
    expect(status).toBe(0);
  });

  it('does not count without --online', async () => {
    const { status } = await run('lint', '--from', 'oci:nowhere');
    expect(status).toBe(0);
  });
});

describe('a name with a digest', () => {
  const pin = (digest: string) => writeFileSync(work.file('pinned.txt'), `${NAME}@${digest}\n`);
  const plan = (...args: string[]) => airgap(['plan', 'pinned.txt', ...args], { cwd: work.path });

  it('is taken when the digest matches', async () => {
    pin(image.digest);
    expect((await plan('--from', 'oci:layout')).status).toBe(0);
    expect((await plan('--from', 'oci:tagged')).status).toBe(0);
  });

  it.each(['oci:layout', `${NAME}@${other.digest}=oci:layout`])(
    'is not taken from %s with another digest, which is reported',
    async from => {
      pin(other.digest);
      const { status, stderr } = await plan('--from', from);
      expect(stderr).toContain(`its digest there is ${image.digest}`);
      expect(status).toBe(3);
    },
  );
});

describe('a local source that', () => {
  it('lacks all images is reported with those that it has', async () => {
    const { stderr, status } = await run('plan', '--from', 'oci:tagged');
    expect(stderr).toContain('oci:tagged: it has none of the images, but 1; NAME=oci:tagged');
    expect(status).toBe(3);
  });

  it('lacks a layer is an error of the plan', async () => {
    await writeLayout('incomplete', { [NAME]: image });
    const layer = [...image.blobs.keys()].at(-1) ?? '';
    unlinkSync(work.file(`incomplete/blobs/sha256/${layer.slice(7)}`));
    const { stderr, status } = await run('plan', '--from', 'oci:incomplete');
    expect(stderr).toContain('a blob is missing');
    expect(stderr).toContain(layer);
    expect(status).toBe(1);
  });

  it('has a changed layer is an error of the build', async () => {
    await writeLayout('changed', { [NAME]: image });
    const layer = [...image.blobs.keys()].at(-1) ?? '';
    const path = work.file(`changed/blobs/sha256/${layer.slice(7)}`);
    writeFileSync(path, readFileSync(path).fill(1));
    const { stderr, status } = await run('build', '--from', 'oci:changed', '-o', 'changed.tar');
    expect(stderr).toContain('digest mismatch');
    expect(status).toBe(4);
    expect(work.files()).not.toContain('changed.tar');
  });

  it.each([
    ['oci:nowhere', 2, 'no such file or directory'],
    ['oci:archive.tar', 2, 'Use oci-archive:archive.tar.'],
    ['oci-archive:layout', 2, 'Use oci:layout.'],
    ['docker-archive:list.txt', 1, 'not a tar file'],
    [`${NAME}=oci:layout:2`, 2, 'expected one image, found 0 images called 2'],
    ['layout', 2, 'invalid local source: "layout"'],
  ])('cannot be opened is an error: %s', async (from, expected, message) => {
    const { stderr, status } = await run('plan', '--from', from);
    expect(stderr).toContain(message);
    expect(status).toBe(expected);
  });

  it('a config names does not count', async () => {
    using folder = new TempDir({ 'list.txt': NAME, 'airgap.yaml': 'from: [oci:/etc]\n' });
    const { stderr, status } = await airgap(['plan', 'list.txt'], { cwd: folder.path });
    expect(stderr).toContain('unknown key: from');
    expect(status).toBe(2);
  });
});

describe('the export of a runtime', () => {
  /** An environment in which a shell script replaces docker. */
  function fakeDocker(save: string): Record<string, string> {
    const folder = work.file('fake');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const row = JSON.stringify({ ID: 'x', Repository: 'registry.test/team/app', Tag: '1', Size: '1MB' });
    writeFileSync(
      `${folder}/docker`,
      `#!/bin/sh\nif [ "$1" = image ]; then echo '${row}'; exit; fi\n${save}\n`,
    );
    chmodSync(`${folder}/docker`, 0o755);
    return { PATH: `${folder}:/usr/bin:/bin` };
  }
  const build = (env: Record<string, string>, interruptAt?: RegExp) =>
    airgap(['build', 'list.txt', '--from', 'docker:', '-o', 'runtime.tar'], {
      cwd: work.path,
      env,
      ...(interruptAt ? { interruptAt } : {}),
    });

  it('is read at any offset, and leaves no file', async () => {
    const { stderr, status } = await build(fakeDocker(`cat ${work.file('archive.tar')}`));
    expect(stderr).toContain('exporting 1 of its images, about 1000000 bytes');
    expect(status).toBe(0);
    expect(work.files().filter(name => name.startsWith('runtime.tar'))).toEqual(['runtime.tar']);
    unlinkSync(work.file('runtime.tar'));
  });

  it.each([
    ['fails', 'echo boom >&2; exit 1', 3, 'docker failed to export the images: boom'],
    ['is cut', `head -c 2000 ${work.file('archive.tar')}`, 1, 'truncated tar'],
    ['is empty', 'exit 0', 1, 'not a tar file'],
  ])('is an error when it %s', async (_what, script, expected, message) => {
    const { stderr, status } = await build(fakeDocker(script));
    expect(stderr).toContain(message);
    expect(status).toBe(expected);
    expect(work.files().filter(name => name.startsWith('runtime.tar'))).toEqual([]);
  });

  it('is stopped by an interrupt, and leaves no file', async () => {
    const script = `head -c 2000 ${work.file('archive.tar')}; exec sleep 60`;
    const { status } = await build(fakeDocker(script), /exporting/);
    expect(status).toBe(130);
    expect(work.files().filter(name => name.startsWith('runtime.tar'))).toEqual([]);
  });

  it('needs disk space before it starts', async () => {
    const env = fakeDocker('touch started; exit 1');
    const script = readFileSync(work.file('fake/docker'), 'utf8').replace('1MB', '999999TB');
    writeFileSync(work.file('fake/docker'), script);
    const { stderr, status } = await build(env);
    expect(stderr).toContain('not enough disk space: the export of docker: needs');
    expect(status).toBe(5);
    expect(work.files()).not.toContain('started');
  });
});
