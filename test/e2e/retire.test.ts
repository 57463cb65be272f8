import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { attestationOf, imageOf, indexOf, noiseOf, sha256, type TestImage } from '../support/images/image.ts';

/** The digest of the empty image, which never changes. */
const EMPTY = 'sha256:5dd3732975c98a9077b3d76aa9bf831b61e33ca39cb8dee76a8723f3e376f607';
const image = imageOf({ layers: [noiseOf(1, 2000)], compression: 'none' });
let index: TestImage;
let registry: TestRegistry;
let work: TempDir;
beforeEach(async () => {
  registry = await TestRegistry.start();
  work = new TempDir();
  registry.push('my-app/worker:1.0', image);
  index = indexOf([image, await attestationOf(image)]);
  registry.push('my-app/index:1.0', index);
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

const worker = () => `${registry.host}/my-app/worker:1.0`;
const writes = () => registry.seen.filter(({ step }) => !['head', 'other'].includes(step));

async function run(...args: string[]) {
  const { status, stdout, stderr } = await airgap(['retire', ...args], { cwd: work.path });
  expect(stderr).not.toContain('this is a bug');
  return { status, stdout: String(stdout), stderr };
}

/** Retires with the rules of the Replicated registry. */
const retire = (...args: string[]) => run('--registry-domain', registry.host, '--yes', ...args);

describe('a retired tag', () => {
  it('has the empty image, and the command that is printed restores it', async () => {
    const { status, stdout, stderr } = await retire(worker(), `${registry.host}/my-app/index:1.0`);
    expect(stderr).toContain('older releases');
    expect(stderr).toContain('Vendor Portal');
    expect(status).toBe(0);
    expect(sha256(registry.manifest('my-app/worker', '1.0') as Buffer)).toBe(EMPTY);
    const saved = work.files().map(file => sha256(readFileSync(work.file(file))));
    expect(saved.sort()).toEqual([image.digest, index.digest].sort());
    const commands = stdout.match(/^ *airgap retire --restore .*$/gm) ?? [];
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      const [, , ...args] = command.trim().split(' ');
      expect(await run(...args)).toMatchObject({ status: 0, stderr: '' });
    }
    expect(registry.manifest('my-app/worker', '1.0')).toEqual(image.bytes);
  });

  it('is saved to a folder, and not a second time', async () => {
    expect(await retire(worker(), '--save', work.path, '--json')).toMatchObject({ status: 0 });
    const { status, stdout } = await retire(worker(), '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      digest: EMPTY,
      images: [{ name: worker(), replaced: EMPTY }],
    });
    expect(stdout).not.toContain('saved');
    expect(work.files()).toHaveLength(1);
  });
});

describe('nothing changes', () => {
  const spec = (text: string) => writeFileSync(work.file('app.yaml'), text);
  const pod = (name: string) =>
    `apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: '${name}'}]}\n`;

  it.each<[string, () => string[], RegExp, number]>([
    ['without --yes', () => ['--registry-domain', registry.host, worker()], /Add --yes/, 2],
    ['at another registry', () => ['--yes', worker()], /is not in the Replicated registry/, 2],
    ['at Docker Hub', () => ['--yes', 'my-app/worker:1.0'], /is not in the Replicated registry/, 2],
    [
      'by a digest',
      () => ['--yes', '--registry-domain', registry.host, `${registry.host}/my-app/worker@${image.digest}`],
      /is not a tag/,
      2,
    ],
    [
      'without a tag',
      () => ['--yes', '--registry-domain', registry.host, `${registry.host}/my-app/worker`],
      /is not a tag/,
      2,
    ],
    [
      'for a tag that does not exist',
      () => ['--yes', '--registry-domain', registry.host, worker(), `${registry.host}/my-app/worker:2.0`],
      /has no tag 2\.0/,
      2,
    ],
    [
      'where the manifest cannot be saved',
      () => ['--yes', '--registry-domain', registry.host, worker(), '--save', 'missing/folder'],
      /cannot write/,
      5,
    ],
    [
      'for a file that is not a manifest',
      () => ['--registry-domain', registry.host, '--restore', 'app.yaml', worker()],
      /not a saved manifest/,
      2,
    ],
  ])('%s', async (_what, args, message, expected) => {
    spec('{}');
    const { status, stderr } = await run(...args());
    expect(stderr).toMatch(message);
    expect([status, writes()]).toEqual([expected, []]);
  });

  it.each<[string, () => string]>([
    ['a list', () => 'images: [{name: worker, source: replicated, tag: "1.0"}]\n'],
    ['a manifest', () => pod(worker())],
    ['a manifest, under the name without the domain', () => pod('registry.replicated.com/my-app/worker:1.0')],
    ['a manifest, by the digest', () => pod(`${registry.host}/my-app/worker@${image.digest}`)],
    ['a template', () => pod('{{repl LocalRegistryHost }}/my-app/worker:1.0')],
    ['an input of which a part cannot be read', () => `a: [\n---\n${pod('redis:7')}`],
  ])('for a tag that the specs still name, in %s', async (_what, text) => {
    spec(text());
    const { status, stderr } = await retire(worker(), '--specs', 'app.yaml', '--app', 'my-app');
    expect(stderr).toMatch(/app\.yaml:\d+:\d+/);
    expect([status, writes()]).toEqual([2, []]);
    expect(work.files()).toEqual(['app.yaml']);
  });
});

it('a tag that the specs do not name is retired', async () => {
  const text = `images: [{name: worker, source: replicated, tag: "2.0"}, {name: other, source: replicated, tag: "1.0"}]\n`;
  writeFileSync(work.file('app.yaml'), text);
  expect(await retire(worker(), '--specs', 'app.yaml', '--app', 'my-app')).toMatchObject({ status: 0 });
});
