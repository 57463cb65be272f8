import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { type AirgapError, type PushOptions, push } from '@airgap/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultTable, status } from '../registry/fault-table.ts';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle, layoutOf } from '../support/bundle.ts';
import { attestationOf, imageOf, indexOf, noiseOf, sha256, type TestImage } from '../support/images/image.ts';

const ARM64 = { os: 'linux', architecture: 'arm64' };
const STEP = 'COPY model.bin /opt/model.bin # buildkit';
const base = noiseOf(1, 200_000);
const amd64 = imageOf({ layers: [base, noiseOf(2, 3000)], steps: [STEP, 'test'], compression: 'none' });
const arm64 = imageOf({ layers: [base, noiseOf(3, 3000)], platform: ARM64, compression: 'none' });
const images: Record<string, TestImage> = {};
const work = new TempDir();
let registry: TestRegistry;

beforeAll(async () => {
  images.attested = indexOf([amd64, await attestationOf(amd64)]);
  images.several = indexOf([amd64, arm64, await attestationOf(amd64), await attestationOf(arm64)]);
  images.nested = indexOf([indexOf([amd64, await attestationOf(amd64)]), arm64]);
  images.pinned = images.attested;
  await buildBundle({ 'team/app:1': amd64, 'team/both:1': indexOf([amd64, arm64]) }, work.file('bundle.tar'));
  await buildBundle({ 'team/a/same:1': amd64, 'team/b/same:1': arm64 }, work.file('same.tar'));
  for (const name of ['attested', 'several', 'nested'])
    await buildBundle({ [`team/${name}:1`]: images[name] as TestImage }, work.file(`${name}.tar`));
  const pin = (image: TestImage) => ({ [`team/pinned@${image.digest}`]: image });
  await buildBundle(pin(images.attested), work.file('pinned.tar'));
  await buildBundle(pin(amd64), work.file('untagged.tar'));
  writeLayout('layout', { 'quay.io/team/app:1': amd64 });
  writeLayout('nameless', { '': amd64 });
  writeFileSync(work.file('list.txt'), 'registry.test/team/app:1\nregistry.test/team/both:1\n');
});
afterAll(() => work[Symbol.dispose]());
beforeEach(async () => {
  registry = await TestRegistry.start();
});
afterEach(() => registry[Symbol.asyncDispose]());

function writeLayout(folder: string, named: Record<string, TestImage>): void {
  mkdirSync(work.file(`${folder}/blobs/sha256`), { recursive: true });
  for (const { name, content = '' } of layoutOf(named))
    writeFileSync(work.file(`${folder}/${name}`), content);
}

/** The arguments of the command line with the rules of the Replicated registry. */
async function command(source: string, path: string, ...args: string[]) {
  const target = [source, `${registry.host}${path}`, '--registry-domain', registry.host];
  const { status, stdout, stderr } = await airgap(['push', ...target, ...args], { cwd: work.path });
  expect(stderr).not.toContain('this is a bug');
  return { status, stdout: String(stdout), stderr };
}

/** Pushes with the library. @returns everything that was said, and the code of the error */
async function run(source: string, path: string, options: Partial<PushOptions> = {}, replicated = true) {
  const said: string[] = [];
  const pushed = push({
    source: source.replace(/[\w-]+(?:\.\w+)?$/, name => work.file(name)),
    target: `${registry.host}${path}`,
    locations: replicated ? { registryDomain: registry.host } : {},
    onEvent: event => {
      if (event.type === 'notice') said.push(event.message);
    },
    ...options,
  });
  const code = await pushed.then(
    () => undefined,
    (error: AirgapError) => {
      said.push(textOf(error));
      return error.code;
    },
  );
  return { code, said: said.join('\n') };
}

function textOf({ message, hint, details }: AirgapError): string {
  return [message, hint, ...details.map(textOf)].join('\n');
}

/** The requests that change the registry. */
const writes = () => registry.seen.filter(({ step }) => !['head', 'other', 'status'].includes(step));

describe('a push that the Replicated registry would reject sends nothing:', () => {
  const drop = { dropAttestations: true };
  it.each<[string, string, string, Partial<PushOptions>, RegExp[]]>([
    ['no application', 'bundle.tar', '', {}, [/needs an application/, /\/APP\/NAME:TAG/]],
    ['no tag', 'bundle.tar', '/my-app/worker', {}, [/has no tag: expected HOST\/APP\/NAME:TAG/]],
    ['four components', 'bundle.tar', '/my-app/team/worker:1', {}, [/takes only HOST\/APP\/NAME:TAG/]],
    ['two components', 'layout', '/worker:1', {}, [/takes only HOST\/APP\/NAME:TAG/]],
    ['a digest', 'bundle.tar', `/my-app/worker@sha256:${'0'.repeat(64)}`, {}, [/the target has a digest/]],
    ['upper case', 'bundle.tar', '/My-App', {}, [/Write the prefix in lower case: my-app/]],
    ['several images and one name', 'bundle.tar', '/my-app/worker:1', {}, [/found 2 images/]],
    ['names that collide', 'same.tar', '/my-app', {}, [/would both be \S+\/my-app\/same:1/, /--images/]],
    ['an image without a tag', 'untagged.tar', '/my-app', {}, [/has no tag/, /my-app\/pinned:TAG/]],
    [
      'attestations',
      'attested.tar',
      '/my-app',
      {},
      [/rejects with status 400/, /--drop-attestations to push the image alone/],
    ],
    ['attestations of two platforms', 'several.tar', '/my-app', {}, [/a new index of its platforms/]],
    ['attestations in a nested index', 'nested.tar', '/my-app', {}, [/rejects with status 400/]],
    [
      'pinned attestations',
      'pinned.tar',
      '/my-app/pinned:1',
      {},
      [/rejects with status 400/, /--provenance=false/],
    ],
    [
      'pinned attestations that are dropped',
      'pinned.tar',
      '/my-app/pinned:1',
      drop,
      [/the name pins this one/],
    ],
    [
      'a large layer',
      'bundle.tar',
      '/my-app',
      { maxLayer: 200_000 },
      [/200 kB in registry\.test\/team\/app:1/, /made by "COPY model\.bin/],
    ],
  ])('%s', async (_what, source, path, options, messages) => {
    const { code, said } = await run(source, path, options);
    for (const message of messages) expect(said).toMatch(message);
    expect(code).toMatch(/^(?:USAGE|INPUT)$/);
    expect(writes()).toEqual([]);
  });

  it('all problems at once', async () => {
    writeLayout('problems', {
      'quay.io/team/attested:1': images.attested as TestImage,
      [`quay.io/team/untagged@${arm64.digest}`]: arm64,
    });
    const { status, stderr } = await command('problems', '/my-app', '--max-layer', '200kB');
    expect(stderr).toContain('does not take this push: 3 problems');
    expect([status, writes()]).toEqual([2, []]);
  });

  it('layers of 2 GB, of which no byte is read', async () => {
    const bytes = 2_000_000_000;
    const remote = { digest: sha256(Buffer.from('large')), size: bytes, diffId: base.diffId };
    const large = imageOf({ layers: [remote], steps: ['/bin/sh -c  apt-get  install\n models'] });
    writeLayout('large', { 'quay.io/team/large:1': large });
    const blob = work.file(`large/blobs/sha256/${remote.digest.slice(7)}`);
    writeFileSync(blob, '');
    truncateSync(blob, bytes);
    const { code, said } = await run('large', '/my-app');
    expect(said).toContain('2.0 GB in quay.io/team/large:1, made by "apt-get install models"');
    expect([code, writes()]).toEqual(['INPUT', []]);
  });
});

describe('a push to the Replicated registry', () => {
  it('names images by their last components, reads tags back, and says once that it is deprecated', async () => {
    const { status, stdout, stderr } = await command('bundle.tar', '/my-app', '--json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(
      result.images.map(({ destination, state }: Record<string, string>) => [destination, state]),
    ).toEqual([
      [`${registry.host}/my-app/app:1`, 'pushed'],
      [`${registry.host}/my-app/both:1`, 'pushed'],
    ]);
    expect(registry.manifest('my-app/app', '1')).toEqual(amd64.bytes);
    expect(stderr.match(/is deprecated/g)).toHaveLength(1);
    expect(stderr).toContain('proxy.replicated.com');
    const tagged = registry.seen.findLastIndex(({ step }) => step === 'manifest');
    const after = registry.seen.slice(tagged + 1).map(({ path }) => path);
    expect(after).toEqual(
      expect.arrayContaining(['/v2/my-app/app/manifests/1', '/v2/my-app/both/manifests/1']),
    );
  });

  it.each([
    ['layout', 'a layout'],
    ['oci:layout', 'a local source'],
    ['nameless', 'a layout without names'],
    ['other:2=oci:nameless', 'a local source with a name'],
  ])('takes %s, %s, under the given name', async source => {
    expect(await run(source, '/my-app/worker:1.0')).toMatchObject({ code: undefined });
    expect(registry.manifest('my-app/worker', '1.0')).toEqual(amd64.bytes);
  });

  it('takes an input, whose layers go from registry to registry', async () => {
    await using origin = await TestRegistry.start();
    origin.push('team/app:1', amd64);
    origin.push('team/both:1', indexOf([amd64, arm64]));
    const mirror = `registry.test=http://${origin.host}`;
    const result = await command('list.txt', '/my-app', '--mirror', mirror, '--platform', 'all');
    expect(result).toMatchObject({ status: 0 });
    expect(registry.manifest('my-app/both', '1')).toEqual(indexOf([amd64, arm64]).bytes);
    expect(registry.blob('my-app/app', base.diffId)).toEqual(base.bytes);
  });

  it('takes an input from a local source', async () => {
    writeFileSync(work.file('one.txt'), 'quay.io/team/app:1\n');
    const from = [`oci:${work.file('layout')}`];
    expect(await run('one.txt', '/my-app', { from })).toMatchObject({ code: undefined });
    expect(registry.blob('my-app/app', base.diffId)).toEqual(base.bytes);
  });

  it('drops the attestations of one platform: the image alone has the tag', async () => {
    const { code, said } = await run('attested.tar', '/my-app', { dropAttestations: true });
    expect(said).toContain(`left out 1 attestations: ${amd64.digest} instead of ${images.attested?.digest}`);
    expect(code).toBeUndefined();
    expect(registry.manifest('my-app/attested', '1')).toEqual(amd64.bytes);
  });

  it.each([
    ['several', () => indexOf([amd64, arm64])],
    ['nested', () => indexOf([amd64, arm64])],
  ])('drops the attestations of %s: a new index of the platforms', async (name, expected) => {
    expect(await run(`${name}.tar`, '/my-app', { dropAttestations: true })).toMatchObject({
      code: undefined,
    });
    const pushed = JSON.parse(String(registry.manifest(`my-app/${name}`, '1')));
    const digests = pushed.manifests.map(({ digest }: { digest: string }) => digest);
    expect(digests).toEqual(expected().children.map(({ digest }) => digest));
    expect(registry.seen.some(({ path }) => path.includes(images[name]?.digest ?? ''))).toBe(false);
  });

  it('takes a large layer that the registry has already', async () => {
    registry.push('my-app/app:0', amd64);
    expect(await run('layout', '/my-app', { maxLayer: 200_000 })).toMatchObject({ code: undefined });
  });

  it('warns of layers that are nearly too large', async () => {
    const { code, said } = await run('bundle.tar', '/my-app', { maxLayer: 210_000 });
    expect(said).toContain(`${base.diffId} is near the limit of 210 kB`);
    expect(code).toBeUndefined();
  });

  it('pushes nothing in a dry run', async () => {
    expect(await run('bundle.tar', '/my-app', { dryRun: true })).toMatchObject({ code: undefined });
    expect(writes()).toEqual([]);
  });

  it('does not send a layer again that the registry stores after a 524', async () => {
    registry.fault = ({ step }, response) => {
      if (step === 'monolithic')
        Object.defineProperty(response, 'statusCode', { get: () => 524, set: () => {} });
      return false;
    };
    expect(await run('layout', '/my-app')).toMatchObject({ code: undefined });
    expect(registry.seen.filter(({ step }) => step === 'monolithic')).toHaveLength(3);
    expect(registry.manifest('my-app/app', '1')).toEqual(amd64.bytes);
  });
});

describe('a push to another registry', () => {
  it('takes several components and attestations, and is not deprecated', async () => {
    const { code, said } = await run('attested.tar', '/my-app/team', {}, false);
    expect([code, said]).toEqual([undefined, '']);
    expect(registry.manifest('my-app/team/attested', '1')).toEqual(images.attested?.bytes);
  });

  it('names the attestations when the registry answers 400', async () => {
    registry.fault = new FaultTable({
      at: ({ step, path }) => step === 'manifest' && path.includes(images.attested?.digest ?? ''),
      fault: status(400),
    }).fault;
    const { code, said } = await run('attested.tar', '/my-app', {}, false);
    expect(said).toContain('has attestations, which some registries reject');
    expect(said).toContain('--drop-attestations');
    expect(code).toBe('REGISTRY');
    expect(registry.manifest('my-app/attested', '1')).toBeUndefined();
  });
});
