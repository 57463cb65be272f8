import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import {
  attestationOf,
  imageOf,
  indexOf,
  noiseLayer,
  noiseOf,
  sha256,
  type TestImage,
} from '../support/images/image.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

let registry: TestRegistry;
const made: Record<string, TestImage> = {};

beforeAll(async () => {
  registry = await TestRegistry.start();
  const base = await noiseLayer('base', 3_000_000);
  const image = async (seed: string, platform = AMD64, types: 'oci' | 'docker' = 'oci') =>
    imageOf({ layers: [base, await noiseLayer(seed, 700_000)], platform, types });
  made.app = await image('app');
  made.schema2 = await image('schema2', AMD64, 'docker');
  made.multi = indexOf([await image('multi-amd64'), await image('multi-arm64', ARM64)]);
  made.nested = indexOf([indexOf([await image('nested-amd64')]), await image('nested-arm64', ARM64)]);
  const subject = await image('attested');
  made.attested = indexOf([subject, await attestationOf(subject)]);
  made.arm = await image('arm', ARM64);
  const withoutPlatform = ({ platform: _, ...image }: TestImage) => image;
  made.unnamed = indexOf([
    withoutPlatform(await image('unnamed-amd64')),
    withoutPlatform(await image('unnamed-arm64', ARM64)),
  ]);
  made.mismatched = imageOf({ layers: [base], diffIds: [] });
  for (const [name, content] of Object.entries(made)) registry.push(`team/${name}:1`, content);
});
beforeEach(() => {
  registry.fault = undefined;
  registry.seen.length = 0;
});
afterAll(() => registry[Symbol.asyncDispose]());

/** An image list with these names in the registry. */
function list(...names: string[]): string {
  return names.map(name => `${registry.host}/team/${name}\n`).join('');
}

async function entriesOf(path: string): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  const reader = extract();
  reader.end(readFileSync(path));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    entries.set(entry.header.name, Buffer.concat(chunks));
  }
  return entries;
}

async function rootOf(path: string): Promise<{ digest: string; annotations: Record<string, string> }> {
  const index = JSON.parse(String((await entriesOf(path)).get('index.json')));
  return index.manifests[0];
}

describe('build', () => {
  it('writes every blob as it was served, under its digest, in the documented order', async () => {
    using work = new TempDir({ 'list.txt': list('app:1', 'schema2:1') });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    const entries = await entriesOf(work.file('bundle.tar'));
    const names = [...entries.keys()];
    expect(names.slice(0, 3)).toEqual(['oci-layout', 'index.json', 'manifest.json']);
    const expected = [made.app, made.schema2].flatMap(image => [
      image?.digest,
      ...(image?.blobs.keys() ?? []),
    ]);
    expect(new Set(names.slice(3))).toEqual(
      new Set(expected.map(digest => `blobs/sha256/${digest?.slice(7)}`)),
    );
    for (const name of names.slice(3))
      expect(`blobs/${sha256(entries.get(name) as Buffer).replace(':', '/')}`).toBe(name);
    const layers = registry.seen.filter(({ path }) => path.includes('/blobs/'));
    expect(new Set(layers.map(({ path }) => path)).size).toBe(layers.length);
  });

  it('writes the same bytes at any concurrency, in any order of the list, and streamed', async () => {
    using work = new TempDir({
      'list.txt': list('app:1', 'multi:1', 'schema2:1'),
      'other.txt': list('schema2:1', 'app:1', 'multi:1'),
    });
    const sequential = await airgap(['build', 'list.txt', '-o', 'sequential.tar', '--concurrency', '1'], {
      cwd: work.path,
    });
    const concurrent = await airgap(['build', 'other.txt', '-o', 'concurrent.tar', '--concurrency', '32'], {
      cwd: work.path,
    });
    const streamed = await airgap(['build', 'list.txt', '-o', '-'], { cwd: work.path });
    expect([sequential.status, concurrent.status, streamed.status]).toEqual([0, 0, 0]);
    const bytes = readFileSync(work.file('sequential.tar'));
    expect(readFileSync(work.file('concurrent.tar')).equals(bytes)).toBe(true);
    expect(streamed.stdout.equals(bytes)).toBe(true);
  });

  it.each([
    ['one platform of an index replaces the index', 'multi', [], () => made.multi?.children[0]?.digest],
    ['another platform', 'multi', ['--platform', 'linux/arm64'], () => made.multi?.children[1]?.digest],
    ['all platforms keep the index', 'multi', ['--platform', 'all'], () => made.multi?.digest],
    [
      'every platform named keeps the index',
      'multi',
      ['--platform', 'linux/amd64', '--platform', 'linux/arm64'],
      () => made.multi?.digest,
    ],
    ['an attestation does not count as a platform', 'attested', [], () => made.attested?.digest],
    [
      'a platform that only the config knows',
      'unnamed',
      ['--platform', 'linux/arm64'],
      () => made.unnamed?.children[1]?.digest,
    ],
    ['a platform in a nested index', 'nested', [], () => made.nested?.children[0]?.children[0]?.digest],
  ])('%s', async (_name, image, flags, digest) => {
    using work = new TempDir({ 'list.txt': list(`${image}:1`) });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'bundle.tar', ...flags], {
      cwd: work.path,
    });
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    expect((await rootOf(work.file('bundle.tar'))).digest).toBe(digest());
    expect((await airgap(['verify', work.file('bundle.tar')])).status).toBe(0);
  });

  it('keeps an index that is pinned by digest complete, and its name', async () => {
    const pinned = `multi@${made.multi?.digest}`;
    using work = new TempDir({ 'list.txt': list(pinned) });
    expect((await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path })).status).toBe(0);
    const root = await rootOf(work.file('bundle.tar'));
    expect(root.digest).toBe(made.multi?.digest);
    expect(root.annotations['io.containerd.image.name']).toBe(`${registry.host}/team/${pinned}`);
    const entries = await entriesOf(work.file('bundle.tar'));
    for (const child of made.multi?.children ?? [])
      expect(entries.has(`blobs/sha256/${child.digest.slice(7)}`)).toBe(true);
  });

  it('omits an image from manifest.json whose config does not match its layers, because docker would reject the file', async () => {
    using work = new TempDir({ 'list.txt': list('app:1', 'mismatched:1') });
    expect((await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path })).status).toBe(0);
    const entries = await entriesOf(work.file('bundle.tar'));
    const dockerManifest = JSON.parse(String(entries.get('manifest.json')));
    expect(dockerManifest.map(({ RepoTags }: { RepoTags: string[] }) => RepoTags)).toEqual([
      [`${registry.host}/team/app:1`],
    ]);
    expect((await airgap(['verify', work.file('bundle.tar')])).status).toBe(0);
  });

  it.each([
    ['a link', 'old.tar'],
    ['a link to a file that does not exist', 'new.tar'],
    ['a link into another folder', 'folder/new.tar'],
  ])('writes the target of %s, not the link', async (_what, target) => {
    using work = new TempDir({ 'list.txt': list('app:1'), 'old.tar': 'old' });
    mkdirSync(work.file('folder'));
    symlinkSync(target, work.file('latest.tar'));
    expect((await airgap(['build', 'list.txt', '-o', 'latest.tar'], { cwd: work.path })).status).toBe(0);
    expect(lstatSync(work.file('latest.tar')).isSymbolicLink()).toBe(true);
    expect((await airgap(['verify', target], { cwd: work.path })).status).toBe(0);
  });

  it('refuses a link that leads into a folder that does not exist', async () => {
    using work = new TempDir({ 'list.txt': list('app:1') });
    symlinkSync('missing/new.tar', work.file('latest.tar'));
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'latest.tar'], { cwd: work.path });
    expect(stderr).toContain('does not exist');
    expect(status).toBe(5);
    expect(work.files()).toEqual(['latest.tar', 'list.txt']);
  });

  it.each([
    [
      'less exact than its config',
      { os: 'linux', architecture: 'arm' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ],
    ['wrong', AMD64, ARM64],
  ])('writes a valid bundle when the platform of an index is %s', async (_name, declared, actual) => {
    const layers = [await noiseLayer('declared', 100)];
    const image = { ...imageOf({ layers, platform: actual }), platform: declared };
    registry.push('team/declared:1', indexOf([image, made.app as TestImage]));
    using work = new TempDir({ 'list.txt': list('declared:1') });
    const platform = `${declared.os}/${declared.architecture}`;
    const built = await airgap(['build', 'list.txt', '-o', 'b.tar', '--platform', platform], {
      cwd: work.path,
    });
    expect(built.status).toBe(0);
    expect(String((await airgap(['verify', 'b.tar'], { cwd: work.path })).stdout)).toContain('b.tar: OK');
  });

  it('fails with --strict when the lint has findings, and builds without it', async () => {
    registry.push('team/moving:latest', made.app as TestImage);
    using work = new TempDir({ 'list.txt': list('moving') });
    const strict = await airgap(['build', 'list.txt', '-o', 'bundle.tar', '--strict'], { cwd: work.path });
    expect(strict.status).toBe(1);
    expect(work.files()).toEqual(['list.txt']);
    const lax = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    expect(lax.status).toBe(0);
    expect(lax.stderr).toContain('1 warning: "airgap lint list.txt"');
  });

  it('resumes an interrupted transfer where it stopped', async () => {
    let broken = 0;
    registry.fault = ({ path, range }, response, content) => {
      if (
        !path.includes('/blobs/') ||
        content === undefined ||
        content.length < 1_000_000 ||
        range !== undefined
      )
        return false;
      broken += 1;
      response.setHeader('content-length', content.length);
      response.write(content.subarray(0, 1_000_000), () => response.destroy());
      return true;
    };
    using work = new TempDir({ 'list.txt': list('app:1') });
    const { status } = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    expect(status).toBe(0);
    expect(broken).toBe(1);
    expect(registry.seen.some(({ range }) => range !== undefined)).toBe(true);
    expect((await airgap(['verify', work.file('bundle.tar')])).status).toBe(0);
  });
});

describe('an index whose child has another size', () => {
  it.each([-1, 1])('(by %i) is rejected before any layer is requested', async difference => {
    const child = imageOf({ layers: [noiseOf(77, 1000)], compression: 'none' });
    const index = indexOf([child]);
    const document = JSON.parse(index.bytes.toString());
    document.manifests[0].size += difference;
    const bytes = Buffer.from(JSON.stringify(document));
    registry.push('team/app:resized', { ...index, bytes, digest: sha256(bytes) });
    using work = new TempDir({ 'list.txt': list('app:resized') });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    expect(stderr).toContain('size');
    expect(stderr).toContain(`${child.bytes.length + difference}`);
    expect(status).toBe(4);
    expect(registry.seen.some(({ path }) => path.includes('/blobs/'))).toBe(false);
    expect(work.files()).toEqual(['list.txt']);
  });
});

const flip: Fault = ({ path }, response, content) => {
  if (!path.includes('/blobs/') || content === undefined || content.length < 100_000) return false;
  const wrong = Buffer.from(content);
  wrong[50_000] = (wrong[50_000] ?? 0) ^ 1;
  response.end(wrong);
  return true;
};
const shorten: Fault = ({ path }, response, content) => {
  if (!path.includes('/blobs/') || content === undefined || content.length < 100_000) return false;
  response.end(content.subarray(0, 90_000));
  return true;
};
const wrongDigestHeader: Fault = ({ path }, response, content) => {
  if (!path.includes('/manifests/') || content === undefined) return false;
  response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
  response.end(content);
  return true;
};
const schema1: Fault = ({ path }, response) => {
  if (!path.includes('/manifests/')) return false;
  response.removeHeader('docker-content-digest');
  response.setHeader('content-type', 'application/vnd.docker.distribution.manifest.v1+prettyjws');
  response.end(JSON.stringify({ schemaVersion: 1, name: 'team/app', tag: '1', fsLayers: [], history: [] }));
  return true;
};
const forbid: Fault = (_seen, response) => {
  sendError(response, 403, 'DENIED', 'no \u001b[31maccess\u001b[0m');
  return true;
};

describe('a build that fails leaves no files, reports the reason, and exits with', () => {
  it.each<[string, number, string, Fault | undefined, string[], RegExp]>([
    [
      'a tag that does not exist',
      2,
      'app:nope',
      undefined,
      [],
      /list\.txt:1:1: error: .* has no tag nope; it has 1(?:, resized)?\n/,
    ],
    [
      'a missing platform, with a list of the existing ones',
      2,
      'multi:1',
      undefined,
      ['--platform', 'linux/s390x'],
      /linux\/s390x; it has linux\/amd64, linux\/arm64/,
    ],
    ['an image for another platform only', 2, 'arm:1', undefined, [], /no linux\/amd64; it has linux\/arm64/],
    ['schema 1', 2, 'app:1', schema1, [], /schema 1/],
    ['rejected credentials', 2, 'app:1', forbid, [], /403/],
    [
      'a manifest with a wrong digest',
      4,
      'app:1',
      wrongDigestHeader,
      [],
      /manifest digest mismatch: expected sha256:/,
    ],
    ['a layer with flipped bytes', 4, 'app:1', flip, [], /digest mismatch: expected sha256:\w+, got sha256:/],
    [
      'a directory that does not exist',
      5,
      'app:1',
      undefined,
      ['-o', 'nowhere/bundle.tar'],
      /directory does not exist/,
    ],
  ])('%s: %i', async (_name, status, image, fault, flags, message) => {
    registry.fault = fault;
    using work = new TempDir({ 'list.txt': list(image) });
    const outcome = await airgap(['build', 'list.txt', '-o', 'bundle.tar', ...flags], { cwd: work.path });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toContain('\u001b');
    expect(outcome.status).toBe(status);
    expect(work.files()).toEqual(['list.txt']);
  });

  it('a layer truncated on every attempt: 3, and only a resumable partial bundle may stay', async () => {
    registry.fault = shorten;
    using work = new TempDir({ 'list.txt': list('app:1') });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    expect(stderr).toMatch(/truncated/);
    expect(status).toBe(3);
    // Depends on timing: how much was received before the build gave up.
    expect([1, 3]).toContain(work.files().length);
    expect(work.files()).not.toContain('bundle.tar');
  });

  it('one missing child of an index: 2, without waiting for the others', async () => {
    const gone = made.multi?.children[0]?.digest;
    const busy = made.multi?.children[1]?.digest;
    registry.fault = ({ path }, response) => {
      if (path.endsWith(gone ?? '')) sendError(response, 404, 'MANIFEST_UNKNOWN', 'gone');
      else if (!path.endsWith(busy ?? '')) return false;
      else {
        response.setHeader('retry-after', '600');
        sendError(response, 503, 'UNAVAILABLE', 'later');
      }
      return true;
    };
    using work = new TempDir({ 'list.txt': list('multi:1') });
    const { status, stderr } = await airgap(['plan', 'list.txt', '--platform', 'all'], { cwd: work.path });
    expect(status).toBe(2);
    expect(stderr).toContain('gone');
    expect(stderr).not.toContain('DESTROYED');
  });

  it('an index with too many children: 3, before any is requested', async () => {
    const child = made.app as TestImage;
    registry.push('team/crowd:1', {
      ...indexOf(Array.from({ length: 2000 }, () => child)),
      children: [child],
    });
    using work = new TempDir({ 'list.txt': list('crowd:1') });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'b.tar', '--platform', 'all'], {
      cwd: work.path,
    });
    expect(status).toBe(3);
    expect(stderr).toContain('too many children');
    expect(registry.seen.filter(({ path }) => path.includes('/manifests/'))).toHaveLength(1);
  });

  it.each([
    ['a device', 'null', /device or a pipe/, 5],
    ['standard output by its path', '/dev/stdout', /device or a pipe/, 5],
    ['an empty path', '', /output path is empty/, 2],
    ['a path below a file', 'list.txt/b.tar', /not a directory/, 5],
    ['a file with a trailing slash', 'list.txt/', /not a directory/, 5],
  ])('-o with %s: %s', async (_name, output, message, expected) => {
    using work = new TempDir({ 'list.txt': list('app:1') });
    execFileSync('mkfifo', [work.file('null')]);
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', output], { cwd: work.path });
    expect(stderr).toMatch(message);
    expect(status).toBe(expected);
    expect(registry.seen).toEqual([]);
    expect(statSync(work.file('null')).isFIFO()).toBe(true);
  });

  it('a registry that is down: 3', async () => {
    using work = new TempDir({ 'list.txt': '127.0.0.1:1/team/app:1\n' });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    expect(stderr).toMatch(/127\.0\.0\.1:1/);
    expect(status).toBe(3);
    expect(work.files()).toEqual(['list.txt']);
  });

  it('Ctrl-C in the middle: 130', async () => {
    registry.fault = ({ path }, response, content) => {
      if (!path.includes('/blobs/') || content === undefined || content.length < 100_000) return false;
      response.setHeader('content-length', content.length);
      response.write(content.subarray(0, 1000));
      return true;
    };
    using work = new TempDir({ 'list.txt': list('app:1') });
    const outcome = await airgap(['build', 'list.txt', '-o', 'bundle.tar', '--progress', 'json'], {
      cwd: work.path,
      interruptAt: /"phase":"move"/,
    });
    expect(outcome.stderr).toContain('interrupted');
    expect(outcome.status).toBe(130);
    // A partial bundle may stay for the next build to resume.
    expect(work.files()).not.toContain('bundle.tar');
  });
});

describe('input that cannot be read', () => {
  it.each([
    ['broken YAML', 'images:\n- name: [redis\n', /app\.yaml:\d+:\d+: error: not YAML/],
    [
      'images that are not a list',
      'replicated_api_version: 2.8.0\nimages: redis\n',
      /app\.yaml:2:9: error: images: must be a list/,
    ],
    [
      'an image without a name',
      'images:\n- source: public\n',
      /app\.yaml:2:3: error: image entry without name/,
    ],
    [
      'a tag that is a mapping',
      'images:\n- name: redis\n  tag: {a: b}\n',
      /app\.yaml:3:8: error: tag: must be a string/,
    ],
    [
      'an unknown source',
      'images:\n- name: a/b\n  source: nowhere\n',
      /app\.yaml:3:11: error: .*--registry nowhere=/s,
    ],
    [
      'replicated without an app',
      'images:\n- name: a\n  source: replicated\n',
      /app\.yaml:2:9: error: .*--app/s,
    ],
    ['no images at all', 'images: []\n', /no images found/],
  ])('%s is an error at its place, with status 2', async (_name, text, message) => {
    using work = new TempDir({ 'app.yaml': text });
    const { status, stderr } = await airgap(['plan', 'app.yaml'], { cwd: work.path });
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it.each([
    ['no spec', ['build', '-o', 'x.tar']],
    ['no output', ['build', 'list.txt']],
    ['an unknown flag', ['lint', '--nope', 'list.txt']],
    ['no such platform', ['plan', 'list.txt', '--platform', 'linux']],
    ['no such file', ['lint', 'nowhere.yaml']],
    ['a concurrency of 0', ['plan', 'list.txt', '--concurrency', '0']],
  ])('%s is wrong usage, with status 2', async (_name, args) => {
    using work = new TempDir({ 'list.txt': 'redis:1\n' });
    expect((await airgap(args, { cwd: work.path })).status).toBe(2);
  });
});

describe('credentials', () => {
  it.each(['basic', 'bearer'] as const)(
    'in docker config.json authenticate to a registry with %s auth, and are sent to no other host',
    async scheme => {
      await using closed = await TestRegistry.start({
        auth: { scheme, username: 'me', password: 'pass:word' },
      });
      closed.push('team/app:1', made.app as TestImage);
      const auth = Buffer.from('me:pass:word').toString('base64');
      using work = new TempDir({
        'list.txt': `${closed.host}/team/app:1\n${registry.host}/team/schema2:1\n`,
        'config.json': JSON.stringify({ auths: { [closed.host]: { auth } } }),
      });
      const without = await airgap(['plan', 'list.txt'], { cwd: work.path });
      expect(without.status).toBe(2);
      expect(without.stderr).toContain('airgap login');
      const { status } = await airgap(['build', 'list.txt', '-o', 'b.tar'], {
        cwd: work.path,
        env: { DOCKER_CONFIG: work.path },
      });
      expect(status).toBe(0);
      expect(registry.seen.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    },
  );
});

describe('verify', () => {
  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['a flipped byte in a layer', bytes => flipAt(bytes, bytes.length - 300_000), /digest mismatch/],
    ['a flipped byte in a header', bytes => flipAt(bytes, 10), /checksum/],
    ['a truncated file', bytes => bytes.subarray(0, bytes.length - 100_000), /truncated tar/],
    ['bytes after the end', bytes => Buffer.concat([bytes, Buffer.from('more')]), /4 unexpected bytes/],
  ])('finds %s', async (_name, damage, message) => {
    using work = new TempDir({ 'list.txt': list('app:1') });
    await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: work.path });
    writeFileSync(work.file('bundle.tar'), damage(readFileSync(work.file('bundle.tar'))));
    const { status, stdout } = await airgap(['verify', 'bundle.tar'], { cwd: work.path });
    expect(String(stdout)).toMatch(message);
    expect(status).toBe(1);
  });

  it('does not wait for the writer of a pipe', async () => {
    using work = new TempDir();
    execFileSync('mkfifo', [work.file('pipe')]);
    const { status, stderr } = await airgap(['verify', 'pipe'], { cwd: work.path });
    expect(stderr).toContain('not a regular file');
    expect(status).toBe(2);
  });
});

function flipAt(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
