import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle, layoutOf } from '../support/bundle.ts';
import {
  attestationOf,
  imageOf,
  indexOf,
  noiseLayer,
  type TestImage,
  tarOf,
} from '../support/images/image.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Docker } from '../support/programs/docker.ts';
import { lacks, output } from '../support/programs/program.ts';

const NAME = 'quay.io/team/worker:1.0';
const work = new TempDir();
let registry: Distribution;
let worker: TestImage;

/** Runs a command with the rules of the Replicated registry. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await airgap(args, { cwd: work.path, env });
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
  return { stdout: String(stdout), stderr };
}

const inspect = (name: string, ...flags: string[]) =>
  output('skopeo', 'inspect', '--tls-verify=false', ...flags, `docker://${registry.host}/${name}`);
const target = (path: string) => [`${registry.host}/${path}`, '--registry-domain', registry.host];

describe.skipIf(lacks('pushes to docker-registry', 'docker-registry', 'skopeo'))('docker-registry', () => {
  beforeAll(async () => {
    mkdirSync(work.file('registry'));
    registry = await Distribution.start(work.file('registry'));
    worker = imageOf({ layers: [await noiseLayer('worker', 300_000)] });
    const attested = indexOf([worker, await attestationOf(worker)]);
    await buildBundle({ 'team/worker:1.0': worker, 'team/attested:1.0': attested }, work.file('bundle.tar'));
    writeFileSync(work.file('layout.tar'), await tarOf(layoutOf({ [NAME]: worker })));
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  it('has the images, without attestations', async () => {
    await run(['push', 'bundle.tar', ...target('my-app'), '--drop-attestations']);
    for (const name of ['my-app/worker:1.0', 'my-app/attested:1.0'])
      expect(JSON.parse(await inspect(name)).Digest).toBe(worker.digest);
  });

  it('has the empty image after a retirement, and the image again once restored', async () => {
    const { stdout } = await run(['retire', ...target('my-app/worker:1.0'), '--yes']);
    const retired = JSON.parse(await inspect('my-app/worker:1.0', '--config'));
    expect(retired.history).toEqual([{ comment: 'retired' }]);
    await output(
      'skopeo',
      'copy',
      '--src-tls-verify=false',
      `docker://${registry.host}/my-app/worker:1.0`,
      `docker-archive:${work.file('empty.tar')}`,
    );
    const [, restore = ''] = /^ *airgap (?<command>retire --restore .*)$/m.exec(stdout) ?? [];
    await run(restore.split(' '));
    expect(JSON.parse(await inspect('my-app/worker:1.0')).Digest).toBe(worker.digest);
  });

  it.skipIf(lacks('pushes of charts', 'helm'))('has the images of a chart, which gets a notice', async () => {
    mkdirSync(work.file('chart/templates'), { recursive: true });
    writeFileSync(work.file('chart/Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 1.0.0\n');
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "${NAME}"}]}\n`;
    writeFileSync(work.file('chart/templates/pod.yaml'), pod);
    const { stderr } = await run(['push', 'chart', ...target('charts'), '--from', 'oci-archive:layout.tar']);
    expect(stderr).toContain('the source has only Helm charts');
    expect(JSON.parse(await inspect('charts/worker:1.0')).Digest).toBe(worker.digest);
  });

  describe.skipIf(lacks('pushes from docker', 'docker', 'dockerd'))('from docker', () => {
    it('has the image under its name, and the command says that layers are uncompressed', async () => {
      mkdirSync(work.file('docker'));
      await using docker = await Docker.start(work.file('docker'));
      await output(
        'skopeo',
        'copy',
        `oci-archive:${work.file('layout.tar')}:${NAME}`,
        `docker-archive:${work.file('save.tar')}:worker:2.0`,
      );
      await docker.run('load', '--input', work.file('save.tar'));
      const { stderr } = await run(['push', 'docker:worker:2.0', ...target('my-app')], docker.environment);
      expect(stderr).toContain('uncompressed');
      const config = JSON.parse(await inspect('my-app/worker:2.0', '--raw')).config.digest;
      expect(config).toBe(JSON.parse(String(worker.bytes)).config.digest);
      const missing = await airgap(['push', 'docker:worker:3.0', ...target('my-app')], {
        env: docker.environment,
      });
      expect(missing.stderr).toContain('does not have docker.io/library/worker:3.0');
      expect(missing.status).toBe(2);
    });
  });

  describe.skipIf(lacks('pushes from containerd', 'containerd', 'ctr'))('from containerd', () => {
    it('has the image with its digest', async () => {
      mkdirSync(work.file('containerd'));
      await using containerd = await Containerd.start(work.file('containerd'));
      await containerd.ctr('-n', 'k8s.io', 'images', 'import', '--no-unpack', work.file('layout.tar'));
      await run(['push', `containerd:k8s.io:${NAME}`, ...target('my-app/other:1')], containerd.environment);
      expect(JSON.parse(await inspect('my-app/other:1')).Digest).toBe(worker.digest);
    });
  });
});
