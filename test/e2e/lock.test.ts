import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, type Outcome, TempDir } from '../support/airgap.ts';
import { layoutOf } from '../support/bundle.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseLayer,
  signatureOf,
  type TestImage,
  tarOf,
} from '../support/images/image.ts';

const PLATFORMS = ['amd64', 'arm64'].map(architecture => ({ os: 'linux', architecture }));

/** An index of images for two platforms. */
async function appImage(seed: string): Promise<TestImage> {
  const layer = await noiseLayer(seed, 1000);
  return indexOf(PLATFORMS.map(platform => imageOf({ layers: [layer], platform })));
}

const first = await appImage('first');
const second = await appImage('second');
const redis = await appImage('redis');

let registry: TestRegistry;
let work: TempDir;

beforeEach(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1', first);
  registry.push('library/redis:7.0', redis);
  work = new TempDir({ 'images.txt': listOf('team/app:1', 'library/redis:7.0') });
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function run(...args: string[]): Promise<Outcome> {
  return airgap(args, { cwd: work.path });
}

/** A list of images in the registry. */
function listOf(...names: string[]): string {
  return names.map(name => `${registry.host}/${name}\n`).join('');
}

/** Moves a tag to another image: a push of the same tag. */
function moveTag(): void {
  registry.push('team/app:1', second);
}

/** Lets the registry forget a name; its manifest stays. */
function removeTag(path: string): void {
  registry.fault = (request, response) => {
    if (!request.path.endsWith(path)) return false;
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    return true;
  };
}

function lockText(): string {
  return readFileSync(work.file('airgap.lock'), 'utf8');
}

function editLock(from: string | RegExp, to: string): void {
  const text = lockText();
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(work.file('airgap.lock'), changed);
}

function digests(bundle: string): string[] {
  const tar = readFileSync(work.file(bundle), 'latin1');
  return [...tar.matchAll(/blobs\/sha256\/([0-9a-f]{64})/g)].map(match => match[1] ?? '').sort();
}

describe('airgap lock', () => {
  it('writes names and digests, sorted, and nothing else', async () => {
    const { status, stdout } = await run('lock', 'images.txt');
    expect(status).toBe(0);
    expect(String(stdout)).toContain('airgap.lock: 2 images');
    expect(lockText()).toBe(
      [
        '# Written by airgap lock; airgap lock --update renews it.',
        'lockVersion: 1',
        'platforms: [linux/amd64]',
        'referrers: false',
        'images:',
        `  - image: ${registry.host}/library/redis:7.0`,
        `    digest: ${redis.digest}`,
        `  - image: ${registry.host}/team/app:1`,
        `    digest: ${first.digest}`,
        '',
      ].join('\n'),
    );
  });

  it('writes the same bytes again', async () => {
    await run('lock', 'images.txt');
    const before = lockText();
    await run('lock', 'images.txt', '--update');
    expect(lockText()).toBe(before);
  });

  it('keeps the digests of locked images, and adds and removes images', async () => {
    await run('lock', 'images.txt');
    moveTag();
    registry.push('team/app:2', second);
    writeFileSync(work.file('images.txt'), listOf('team/app:1', 'team/app:2'));
    const { stdout } = await run('lock', 'images.txt');
    expect(String(stdout)).toContain('team/app:2: not in the lock');
    expect(lockText()).toContain(`app:1\n    digest: ${first.digest}`);
    expect(lockText()).toContain(`app:2\n    digest: ${second.digest}`);
    expect(lockText()).not.toContain('redis');
  });

  it('renews only what --update matches', async () => {
    await run('lock', 'images.txt');
    moveTag();
    await run('lock', 'images.txt', '--update=*redis*');
    expect(lockText()).toContain(first.digest);
    const { stdout } = await run('lock', 'images.txt', '--update=*/team/*');
    expect(String(stdout)).toContain(`team/app:1: locked ${first.digest}, the registry has ${second.digest}`);
    expect(lockText()).toContain(second.digest);
  });

  it.each(['*/taem/*', '['])('refuses --update with a pattern that matches nothing: %s', async pattern => {
    await run('lock', 'images.txt');
    const before = lockText();
    const { status, stderr } = await run('lock', 'images.txt', `--update=${pattern}`, '--update=*redis*');
    expect(stderr).toContain(`no image of the input matches "${pattern}"`);
    expect([status, lockText()]).toEqual([2, before]);
  });

  it('keeps the platforms and referrers of the lock unless others are chosen', async () => {
    await run('lock', 'images.txt', '--platform', 'linux/arm64', '-o', 'other.lock');
    await run('lock', 'images.txt', '-o', 'other.lock');
    expect(readFileSync(work.file('other.lock'), 'utf8')).toContain('platforms: [linux/arm64]');
    await run('lock', 'images.txt', '--platform', 'all', '-o', 'other.lock');
    expect(readFileSync(work.file('other.lock'), 'utf8')).toContain('platforms: [all]');
  });

  it('does not write a lock when an image cannot be resolved', async () => {
    writeFileSync(work.file('images.txt'), listOf('team/app:1', 'team/app:3'));
    const { status } = await run('lock', 'images.txt');
    expect(status).toBe(2);
    expect(work.files()).toEqual(['images.txt']);
  });

  it('is not a file called "-"', async () => {
    const { status, stderr } = await run('lock', 'images.txt', '-o', '-');
    expect([status, work.files(), registry.seen]).toEqual([2, ['images.txt'], []]);
    expect(stderr).toContain('cannot be written to standard output');
  });

  it('reports a lock that cannot be written', async () => {
    const { status, stderr } = await run('lock', 'images.txt', '-o', 'missing/airgap.lock');
    expect(status).toBe(5);
    expect(stderr).toContain('the lock cannot be written: no such file or directory');
  });
});

describe('airgap lock --check', () => {
  beforeEach(async () => {
    expect((await run('lock', 'images.txt')).status).toBe(0);
  });

  it('accepts a lock that is up to date', async () => {
    const { status, stdout } = await run('lock', 'images.txt', '--check');
    expect(status).toBe(0);
    expect(String(stdout)).toContain('2 images, up to date');
  });

  it.each<[what: string, change: () => void, words: () => string]>([
    ['a moved tag', moveTag, () => `team/app:1: locked ${first.digest}, the registry has ${second.digest}`],
    ['a tag that is gone', () => removeTag('/manifests/7.0'), () => 'redis:7.0: locked sha256:'],
    [
      'an added image',
      () => {
        registry.push('team/app:2', second);
        writeFileSync(work.file('images.txt'), listOf('team/app:1', 'team/app:2', 'library/redis:7.0'));
      },
      () => `team/app:2: not in the lock, the registry has ${second.digest}`,
    ],
    [
      'a removed image',
      () => writeFileSync(work.file('images.txt'), listOf('library/redis:7.0')),
      () => `team/app:1: locked ${first.digest}, not in the input`,
    ],
  ])('reports %s, and writes nothing', async (_what, change, words) => {
    const before = lockText();
    change();
    const { status, stdout } = await run('lock', 'images.txt', '--check');
    expect(String(stdout)).toContain(words());
    expect(status).toBe(1);
    expect(lockText()).toBe(before);
  });

  it('reports changes as JSON', async () => {
    moveTag();
    const { status, stdout } = await run('lock', 'images.txt', '--check', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(String(stdout)).changes).toEqual([
      { kind: 'moved', image: `${registry.host}/team/app:1`, old: first.digest, new: second.digest },
    ]);
  });

  it('fails without a lock', async () => {
    rmSync(work.file('airgap.lock'));
    const { status, stderr } = await run('lock', 'images.txt', '--check');
    expect(status).toBe(2);
    expect(stderr).toContain('the lock cannot be read: no such file or directory');
  });

  it('and --update exclude each other', async () => {
    expect((await run('lock', 'images.txt', '--check', '--update')).status).toBe(2);
  });
});

describe('airgap build --locked', () => {
  beforeEach(async () => {
    expect((await run('lock', 'images.txt')).status).toBe(0);
    expect((await run('build', 'images.txt', '-o', 'unlocked.tar')).status).toBe(0);
  });

  it('fetches by digest, wherever tags point to', async () => {
    moveTag();
    const { status } = await run('build', 'images.txt', '--locked', '-o', 'bundle.tar');
    expect(status).toBe(0);
    expect(readFileSync(work.file('bundle.tar')).equals(readFileSync(work.file('unlocked.tar')))).toBe(true);
    await run('build', 'images.txt', '-o', 'moved.tar');
    expect(digests('moved.tar')).not.toEqual(digests('bundle.tar'));
  });

  it('fetches by digest when a tag no longer exists', async () => {
    removeTag('/manifests/7.0');
    expect((await run('build', 'images.txt', '-o', 'bundle.tar')).status).toBe(2);
    expect((await run('build', 'images.txt', '--locked', '-o', 'bundle.tar')).status).toBe(0);
    expect(readFileSync(work.file('bundle.tar')).equals(readFileSync(work.file('unlocked.tar')))).toBe(true);
  });

  it('builds again after a bot has edited one line', async () => {
    moveTag();
    editLock(first.digest, second.digest);
    expect((await run('build', 'images.txt', '--locked=airgap.lock', '-o', 'bundle.tar')).status).toBe(0);
  });

  it('takes the inputs behind --locked', async () => {
    expect((await run('build', '--locked', 'images.txt', '-o', 'bundle.tar')).status).toBe(0);
    expect((await run('lock', '--update', 'images.txt')).status).toBe(0);
  });

  it('uses the platforms of the lock', async () => {
    await run('lock', 'images.txt', '--platform', 'all');
    expect((await run('build', 'images.txt', '--locked', '-o', 'bundle.tar')).status).toBe(0);
    expect(digests('bundle.tar')).toContain(first.digest.slice(7));
  });

  it('refuses other platforms', async () => {
    const { status, stderr } = await run('plan', 'images.txt', '--locked', '--platform', 'linux/arm64');
    expect(status).toBe(2);
    expect(stderr).toContain('the platforms are linux/arm64, but airgap.lock is for linux/amd64');
  });

  it('refuses referrers that are not locked', async () => {
    const { status, stderr } = await run('plan', 'images.txt', '--locked', '--referrers');
    expect(status).toBe(2);
    expect(stderr).toContain('airgap.lock lists no referrers');
  });

  it('refuses an input with an image that is not locked, before any request', async () => {
    writeFileSync(work.file('images.txt'), listOf('team/app:1', 'library/redis:7.0', 'x:2'));
    registry.seen.length = 0;
    const { status, stderr } = await run('plan', 'images.txt', '--locked');
    expect(status).toBe(1);
    expect(stderr).toContain(
      `images.txt:3:1: error: the input has ${registry.host}/x:2, which is not in airgap.lock`,
    );
    expect(registry.seen).toEqual([]);
  });

  it('refuses a lock with an image that is not in the input', async () => {
    writeFileSync(work.file('images.txt'), listOf('library/redis:7.0'));
    const { status, stderr } = await run('plan', 'images.txt', '--locked');
    expect(status).toBe(1);
    expect(stderr).toContain(
      `airgap.lock:8:12: error: ${registry.host}/team/app:1 is locked, but not in the input`,
    );
  });

  it('names the line of a digest that the registry does not have', async () => {
    editLock(first.digest, `sha256:${'0'.repeat(64)}`);
    const { status, stderr } = await run('plan', 'images.txt', '--locked');
    expect(status).toBe(2);
    expect(stderr).toContain(
      `airgap.lock:9:13: error: the locked digest does not exist in ${registry.host}/team/app`,
    );
  });
});

describe('a lock with referrers', () => {
  const sbom = {
    ...artifactOf({ subject: redis, artifactType: 'application/spdx+json' }),
    artifactType: 'application/spdx+json',
  };
  const report = {
    ...artifactOf({ subject: redis, artifactType: 'application/report' }),
    artifactType: 'application/report',
  };
  const tag = first.digest.replace(':', '-');
  const list = redis.digest.replace(':', '-');

  beforeEach(async () => {
    registry.push(`team/app:${tag}.sig`, signatureOf(first));
    registry.push('library/redis:untagged', sbom);
    registry.push(`library/redis:${list}`, indexOf([sbom]));
    const { status } = await run('lock', 'images.txt', '--referrers', '--platform', 'all');
    expect(status).toBe(0);
  });

  it('lists them below their images', () => {
    expect(lockText()).toContain('referrers: true\n');
    expect(lockText()).toContain(`    referrers:\n      - ${sbom.digest}\n  - image: ${registry.host}/team`);
    expect(lockText()).toContain(`      - ${tag}.sig@${signatureOf(first).digest}\n`);
  });

  it('builds exactly these, when others have been added at the source', async () => {
    await run('build', 'images.txt', '--referrers', '--platform', 'all', '-o', 'unlocked.tar');
    registry.push('library/redis:untagged', report);
    registry.push(`library/redis:${list}`, indexOf([sbom, report]));
    registry.push(`team/app:${tag}.sig`, signatureOf(second));
    const { status } = await run('build', 'images.txt', '--locked', '-o', 'bundle.tar');
    expect(status).toBe(0);
    expect(readFileSync(work.file('bundle.tar')).equals(readFileSync(work.file('unlocked.tar')))).toBe(true);
  });

  it('is checked for other referrers', async () => {
    expect((await run('lock', 'images.txt', '--check')).status).toBe(0);
    registry.push('library/redis:untagged', report);
    registry.push(`library/redis:${list}`, indexOf([sbom, report]));
    const { status, stdout } = await run('lock', 'images.txt', '--check');
    expect(status).toBe(1);
    expect(String(stdout)).toContain('redis:7.0: locked referrers');
  });

  it('keeps digests when referrers are added to an older lock', async () => {
    rmSync(work.file('airgap.lock'));
    await run('lock', 'images.txt', '--platform', 'all');
    moveTag();
    await run('lock', 'images.txt', '--referrers');
    expect(lockText()).toContain(`digest: ${first.digest}`);
    expect(lockText()).toContain(sbom.digest);
  });
});

describe('an image with platforms of its own', () => {
  const config = (app: string) => `platforms: {"*/team/*": ${app}}\n`;
  const childOf = (image: TestImage, at: number) => image.children?.[at]?.digest.slice(7) ?? '';
  beforeEach(async () => {
    writeFileSync(work.file('airgap.yaml'), config('linux/arm64'));
    expect((await run('lock', 'images.txt')).status).toBe(0);
  });

  it('has them in the lock, and in JSON', async () => {
    expect(lockText()).toContain(
      `  - image: ${registry.host}/team/app:1\n    digest: ${first.digest}\n    platforms: [linux/arm64]\n`,
    );
    expect(lockText()).toContain(`    digest: ${redis.digest}\n  - image`);
    const { stdout } = await run('lock', 'images.txt', '--json');
    expect(JSON.parse(String(stdout)).images[1]).toEqual({
      name: `${registry.host}/team/app:1`,
      digest: first.digest,
      platforms: ['linux/arm64'],
    });
  });

  it('is built for them, also without the config', async () => {
    rmSync(work.file('airgap.yaml'));
    expect((await run('build', 'images.txt', '--locked', '-o', 'bundle.tar')).status).toBe(0);
    expect(digests('bundle.tar')).toContain(childOf(first, 1));
    expect(digests('bundle.tar')).not.toContain(childOf(first, 0));
    expect(digests('bundle.tar')).toContain(childOf(redis, 0));
  });

  it('is refused with others in the config', async () => {
    writeFileSync(work.file('airgap.yaml'), config('[linux/arm64, linux/amd64]'));
    const { status, stderr } = await run('plan', 'images.txt', '--locked');
    expect(status).toBe(2);
    expect(stderr).toContain(
      `airgap.lock:8:12: error: the platforms of ${registry.host}/team/app:1 are linux/arm64, linux/amd64, but airgap.lock is for linux/arm64`,
    );
  });

  it('is refused with own ones that the lock does not have', async () => {
    editLock('    platforms: [linux/arm64]\n', '');
    const { status, stderr } = await run('plan', 'images.txt', '--locked');
    expect(status).toBe(2);
    expect(stderr).toContain('are linux/arm64, but airgap.lock is for linux/amd64');
  });

  it('is drift when they change, and renewed without an update of digests', async () => {
    writeFileSync(work.file('airgap.yaml'), config('all'));
    moveTag();
    const { status, stdout } = await run('lock', 'images.txt', '--check');
    expect(status).toBe(1);
    expect(String(stdout)).toContain(
      `${registry.host}/team/app:1: platforms: locked linux/arm64, chosen all`,
    );
    expect((await run('lock', 'images.txt')).status).toBe(0);
    expect(lockText()).toContain(`    digest: ${first.digest}\n    platforms: [all]\n`);
  });
});

describe('airgap build --locked --from', () => {
  /** Writes an archive of `team/app:1`. */
  const archive = async (image: TestImage) => {
    const files = layoutOf({ [`${registry.host}/team/app:1`]: image });
    writeFileSync(work.file('app.tar'), await tarOf(files));
  };
  const build = (...flags: string[]) =>
    run('build', 'images.txt', '--locked', '--from', 'oci-archive:app.tar', '-o', 'bundle.tar', ...flags);
  const appRequests = () => registry.seen.filter(({ path }) => path.includes('/team/app/'));
  beforeEach(async () => {
    expect((await run('lock', 'images.txt')).status).toBe(0);
    registry.seen.length = 0;
  });

  it('takes the locked image from the archive', async () => {
    await archive(first);
    const { status, stderr } = await build();
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('error') });
    expect(appRequests()).toEqual([]);
    expect(digests('bundle.tar')).toContain(first.children?.[0]?.digest.slice(7));
  });

  it('refuses another image of that name in the archive', async () => {
    await archive(second);
    const { status, stderr } = await build();
    expect(stderr).toContain('airgap.lock:9:13: error: the locked digest');
    expect(status).toBe(2);
    expect(work.files()).not.toContain('bundle.tar');
  });

  it('takes it from the archive when the tag has moved or is gone', async () => {
    await archive(first);
    for (const change of [moveTag, () => removeTag('/team/app/manifests/1')]) {
      change();
      expect((await build()).status).toBe(0);
      expect(digests('bundle.tar')).toContain(first.children?.[0]?.digest.slice(7));
    }
  });

  it('locks what the archive has, and builds it with the lock only', async () => {
    await archive(second);
    expect((await run('lock', 'images.txt', '--from', 'oci-archive:app.tar', '--update')).status).toBe(0);
    expect(lockText()).toContain(`    digest: ${second.digest}\n`);
    registry.fault = undefined;
    expect((await build()).status).toBe(0);
    expect((await run('build', 'images.txt', '--locked', '-o', 'other.tar')).status).toBe(2);
  });
});
