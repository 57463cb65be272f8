import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { buildBundle, withEntry } from '../support/bundle.ts';
import { imageOf, noiseLayer, sha256 } from '../support/images/image.ts';
import { ServingProcess } from '../support/programs/serving.ts';

const FIXTURES = fileURLToPath(new URL('../vectors/signing/', import.meta.url));
const KEY = `${FIXTURES}cosign.key`;
const PUBLIC = `${FIXTURES}cosign.pub`;
const OTHER = `${FIXTURES}ed25519.pub`;
const PASSWORD = { COSIGN_PASSWORD: 'secret' };
const RELEASES = ['1', '2', '3'];

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

beforeAll(async () => {
  for (const release of RELEASES) {
    const layer = await noiseLayer(`release ${release}`, 2_000_000);
    await buildBundle({ [`team/app:${release}`]: imageOf({ layers: [layer] }) }, work.file(`${release}.tar`));
    // All releases have the same file name, as they are published.
    copyFileSync(work.file(`${release}.tar`), work.file('bundle.tar'));
    const { status } = await airgap(['sign', 'bundle.tar', '--key', KEY], { cwd: work.path, env: PASSWORD });
    expect(status).toBe(0);
    for (const suffix of ['sha256', 'sha256.sigstore.json', 'index.json'])
      renameSync(work.file(`bundle.tar.${suffix}`), work.file(`${release}.tar.${suffix}`));
  }
});

/** A folder with the bundle, checksums and signature of the given releases, under their published names. */
function delivery(bundle = '1', checksums = '1', signature = '1', index = bundle): TempDir {
  const folder = new TempDir();
  copyFileSync(work.file(`${bundle}.tar`), folder.file('bundle.tar'));
  copyFileSync(work.file(`${checksums}.tar.sha256`), folder.file('bundle.tar.sha256'));
  copyFileSync(
    work.file(`${signature}.tar.sha256.sigstore.json`),
    folder.file('bundle.tar.sha256.sigstore.json'),
  );
  copyFileSync(work.file(`${index}.tar.index.json`), folder.file('bundle.tar.index.json'));
  return folder;
}

const verify = (folder: TempDir, ...args: string[]) =>
  airgap(['verify', 'bundle.tar', ...args], { cwd: folder.path });

describe('of three releases, a bundle, checksums and a signature', () => {
  const combinations = RELEASES.flatMap(bundle =>
    RELEASES.flatMap(checksums => RELEASES.map(signature => [bundle, checksums, signature] as const)),
  );

  it.each(combinations)('%s, %s and %s verify only if they belong together', async (...parts) => {
    using folder = delivery(...parts);
    const isTrue = new Set(parts).size === 1;
    const { status, stderr } = await verify(folder, '--public-key', PUBLIC);
    expect(status).toBe(isTrue ? 0 : 4);
    if (isTrue) return;
    expect(stderr).toMatch(/was changed after it was signed|signed is sha256:/);
    await using registry = await TestRegistry.start();
    const loaded = await airgap(['load', 'bundle.tar', registry.host, '--public-key', PUBLIC], {
      cwd: folder.path,
    });
    expect(loaded.status).toBe(4);
    expect(registry.seen).toEqual([]);
  });
});

/** A change of a delivery, and what is said about it. */
const ATTACKS: readonly (readonly [what: string, change: (folder: TempDir) => void, words: RegExp])[] = [
  [
    'changed checksums',
    folder =>
      edit(folder, 'bundle.tar.sha256', text => text.replace(/^./, digit => (digit === '0' ? '1' : '0'))),
    /bundle.tar.sha256 was changed after it was signed/,
  ],
  [
    'an added line in the checksums',
    folder => edit(folder, 'bundle.tar.sha256', text => `${text}${'0'.repeat(64)}  other.tar\n`),
    /bundle.tar.sha256 was changed after it was signed/,
  ],
  [
    'a removed signature',
    folder => rmSync(folder.file('bundle.tar.sha256.sigstore.json')),
    /bundle.tar.sha256.sigstore.json is missing: this bundle is not signed/,
  ],
  [
    'removed checksums',
    folder => rmSync(folder.file('bundle.tar.sha256')),
    /bundle.tar.sha256 is missing: this bundle is not signed/,
  ],
  [
    'a changed copy of index.json',
    folder => edit(folder, 'bundle.tar.index.json', text => text.replace('app:1', 'app:9')),
    /bundle.tar.index.json: sha256 is sha256:[0-9a-f]{64}, expected sha256:/,
  ],
  [
    'a changed name in the bundle',
    folder => editEntry(folder, 'index.json', text => text.replaceAll('app:1', 'app:9')),
    /bundle.tar.index.json: sha256 is sha256:[0-9a-f]{64}, signed is sha256:/,
  ],
  [
    'a changed tag for docker',
    folder => editEntry(folder, 'manifest.json', text => text.replaceAll('app:1', 'app:9')),
    /manifest.json does not match index.json: the name registry.test\/team\/app:9 is not in index.json/,
  ],
];

function edit(folder: TempDir, name: string, change: (text: string) => string): void {
  const text = readFileSync(folder.file(name), 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(folder.file(name), changed);
}

function editEntry(folder: TempDir, entry: string, change: (text: string) => string): void {
  const tar = readFileSync(folder.file('bundle.tar'));
  const changed = withEntry(tar, entry, change);
  expect(changed.equals(tar)).toBe(false);
  writeFileSync(folder.file('bundle.tar'), changed);
}

describe.each(ATTACKS)('with %s', (_what, change, words) => {
  it('nothing is verified, loaded or served', async () => {
    using folder = delivery();
    change(folder);
    const verified = await verify(folder, '--public-key', PUBLIC);
    expect(verified.stderr).toMatch(words);
    expect(verified.status).toBe(4);
    await using registry = await TestRegistry.start();
    const loaded = await airgap(['load', 'bundle.tar', registry.host, '--public-key', PUBLIC], {
      cwd: folder.path,
    });
    expect(loaded.status).toBe(4);
    expect(loaded.stderr).toMatch(words);
    expect(registry.seen).toEqual([]);
    const serve = await airgap(['serve', 'bundle.tar', '--listen', '127.0.0.1:0', '--public-key', PUBLIC], {
      cwd: folder.path,
    });
    expect(serve.status).toBe(4);
    expect(serve.stderr).toMatch(words);
  });
});

describe('a changed byte in a layer', () => {
  const damaged = () => {
    const folder = delivery();
    const tar = readFileSync(folder.file('bundle.tar'));
    tar[1_000_000] = (tar[1_000_000] ?? 0) ^ 1;
    writeFileSync(folder.file('bundle.tar'), tar);
    return folder;
  };

  it('is found by verify, which names the layer', async () => {
    using folder = damaged();
    const { status, stderr } = await verify(folder, '--public-key', PUBLIC);
    expect(status).toBe(4);
    expect(stderr).toMatch(/bundle.tar: sha256 is sha256:[0-9a-f]{64}, signed is sha256:/);
    expect(stderr).toMatch(/error: digest mismatch: expected sha256:/);
  });

  it('is found by load while it streams, before any tag', async () => {
    using folder = damaged();
    await using registry = await TestRegistry.start();
    const { status } = await airgap(['load', 'bundle.tar', registry.host, '--public-key', PUBLIC], {
      cwd: folder.path,
    });
    expect(status).toBe(4);
    expect(
      registry.seen.filter(({ method, path }) => method === 'PUT' && path.endsWith('/manifests/1')),
    ).toEqual([]);
  });
});

describe('a signed bundle', () => {
  it('is verified, loaded and served with the key', async () => {
    using folder = delivery();
    const { status, stdout } = await verify(folder, '--public-key', PUBLIC);
    expect(status).toBe(0);
    expect(String(stdout)).toContain(`index ${sha256(readFileSync(folder.file('bundle.tar.index.json')))}\n`);
    expect(String(stdout)).toContain(`file ${sha256(readFileSync(folder.file('bundle.tar')))}\n`);
    expect(String(stdout)).toContain(
      `listed in bundle.tar.sha256, signed by ${PUBLIC} (key only, no transparency log)`,
    );
    await using registry = await TestRegistry.start();
    expect(
      (await airgap(['load', 'bundle.tar', registry.host, '--public-key', PUBLIC], { cwd: folder.path }))
        .status,
    ).toBe(0);
    await using serving = await ServingProcess.start([folder.file('bundle.tar'), '--public-key', PUBLIC]);
    expect((await fetch(`${serving.url}/v2/team/app/manifests/1`)).status).toBe(200);
  });

  it('is refused with another key', async () => {
    using folder = delivery();
    const { status, stderr } = await verify(folder, '--public-key', OTHER);
    expect(status).toBe(4);
    expect(stderr).toContain('the signature is by another key (hint ');
  });

  it('is recognised under another name, with a notice', async () => {
    using folder = delivery();
    renameSync(folder.file('bundle.tar'), folder.file('new.tar'));
    const args = ['new.tar', '--checksums', 'bundle.tar.sha256', '--public-key', PUBLIC];
    const verified = await airgap(['verify', ...args], { cwd: folder.path });
    expect(verified.stderr).toContain('new.tar is listed as bundle.tar in bundle.tar.sha256');
    expect(verified.status).toBe(0);
    await using registry = await TestRegistry.start();
    const [bundle = '', ...flags] = args;
    const loaded = await airgap(['load', bundle, registry.host, ...flags], { cwd: folder.path });
    expect(loaded.stderr).toContain('new.tar is listed as bundle.tar in bundle.tar.sha256');
    expect(loaded.status).toBe(0);
  });

  it('is verified from a stream', async () => {
    using folder = delivery();
    const flags = '--checksums bundle.tar.sha256 --public-key';
    const command = `cat bundle.tar | "${process.execPath}" "${AIRGAP}" verify - ${flags} "${PUBLIC}"`;
    const stdout = execFileSync('sh', ['-c', command], { cwd: folder.path, encoding: 'utf8' });
    expect(stdout).toContain('listed in bundle.tar.sha256, signed by');
  });

  it('is verified as a directory, by its index', async () => {
    using folder = delivery();
    const layout = folder.file('layout');
    execFileSync('sh', ['-c', `mkdir "${layout}" && tar -xf bundle.tar -C "${layout}"`], {
      cwd: folder.path,
    });
    const args = ['--checksums', 'bundle.tar.sha256', '--public-key', PUBLIC];
    const { status, stderr } = await airgap(['verify', 'layout', ...args], { cwd: folder.path });
    expect(stderr).toContain('layout is listed as bundle.tar');
    expect(status).toBe(0);
  });
});

describe('checksums without a signature', () => {
  it('are compared when they are beside the bundle', async () => {
    using folder = delivery();
    const { status, stdout } = await verify(folder);
    expect(status).toBe(0);
    expect(String(stdout)).toContain('listed in bundle.tar.sha256 (not signed)');
  });

  it.each([
    [
      'of another file',
      (line: string) => line.replace('  ', '0  ').slice(1),
      /sha256 is sha256:[0-9a-f]{64}, listed is/,
    ],
    [
      'without the bundle',
      (line: string) => `${'0'.repeat(64)}  other.tar${line.slice(-1)}`,
      /is not listed in bundle.tar.sha256/,
    ],
    [
      'with a duplicate',
      (line: string) => line + line,
      /bundle.tar.sha256:2:67: error: invalid checksums: "bundle.tar" is listed twice/,
    ],
    [
      'with a path',
      (line: string) => line.replace('  ', '  ./'),
      /bundle.tar.sha256:1:67: error: invalid checksums: ".\/bundle.tar" is a path/,
    ],
    ['that are empty', () => '', /bundle.tar.sha256:1:1: error: invalid checksums/],
  ])('%s are refused', async (_what, change, words) => {
    using folder = delivery();
    const line = `${sha256(readFileSync(folder.file('bundle.tar'))).slice(7)}  bundle.tar\n`;
    writeFileSync(folder.file('bundle.tar.sha256'), line);
    expect((await verify(folder)).status).toBe(0);
    writeFileSync(folder.file('bundle.tar.sha256'), change(line));
    const { status, stderr } = await verify(folder);
    expect(stderr).toMatch(words);
    expect(status).toBe(4);
  });
});

describe('verify --digest', () => {
  it('accepts the sha256 of the file and of its index', async () => {
    using folder = delivery();
    rmSync(folder.file('bundle.tar.sha256'));
    const file = sha256(readFileSync(folder.file('bundle.tar')));
    const index = sha256(readFileSync(folder.file('bundle.tar.index.json')));
    expect((await verify(folder, '--digest', file)).status).toBe(0);
    expect((await verify(folder, '--digest', index)).status).toBe(0);
  });

  it('refuses another digest', async () => {
    using folder = delivery();
    const { status, stderr } = await verify(folder, '--digest', `sha256:${'0'.repeat(64)}`);
    expect(status).toBe(4);
    expect(stderr).toMatch(
      /digest mismatch: expected sha256:0+; the file has sha256:[0-9a-f]{64}, its index has sha256:/,
    );
  });

  it('refuses what is not a digest', async () => {
    using folder = delivery();
    expect((await verify(folder, '--digest', 'abc')).status).toBe(2);
  });
});

describe('airgap build', () => {
  const listOf = (registry: TestRegistry) => {
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    return 'list.txt';
  };

  it.each([
    [['--checksums'], ['bundle.tar.index.json', 'bundle.tar.sha256']],
    [
      ['--sign', KEY],
      ['bundle.tar.index.json', 'bundle.tar.sha256', 'bundle.tar.sha256.sigstore.json'],
    ],
  ])('%j writes the sums that the file has', async (flags, files) => {
    await using registry = await TestRegistry.start();
    registry.push('team/app:1', imageOf({ layers: [await noiseLayer('built', 100_000)] }));
    using folder = new TempDir({ 'list.txt': `${registry.host}/team/app:1\n` });
    const { status, stdout } = await airgap(['build', 'list.txt', '-o', 'bundle.tar', ...flags], {
      cwd: folder.path,
      env: PASSWORD,
    });
    expect(status).toBe(0);
    expect(folder.files()).toEqual(['bundle.tar', ...files, 'list.txt']);
    const file = sha256(readFileSync(folder.file('bundle.tar')));
    const index = sha256(readFileSync(folder.file('bundle.tar.index.json')));
    expect(String(stdout)).toContain(`index ${index}\nfile ${file}\n`);
    expect(readFileSync(folder.file('bundle.tar.sha256'), 'utf8')).toBe(
      `${file.slice(7)}  bundle.tar\n${index.slice(7)}  bundle.tar.index.json\n`,
    );
    const inspected = await airgap(['inspect', 'bundle.tar'], { cwd: folder.path });
    expect(String(inspected.stdout)).toContain(
      `bundle.tar.sha256 (recorded, not checked):\n  ${file}  bundle.tar\n`,
    );
    expect((await airgap(['verify', 'bundle.tar'], { cwd: folder.path })).status).toBe(0);
  });

  it('-o - --checksums prints the sum of the stream', async () => {
    await using registry = await TestRegistry.start();
    registry.push('team/app:1', imageOf({ layers: [await noiseLayer('built', 100_000)] }));
    const { status, stdout, stderr } = await airgap(['build', listOf(registry), '-o', '-', '--checksums'], {
      cwd: work.path,
    });
    expect(status).toBe(0);
    expect(stderr).toContain(`file ${sha256(stdout)}\n`);
  });

  it('--sign reads the key before it fetches anything', async () => {
    await using registry = await TestRegistry.start();
    const args = ['build', listOf(registry), '-o', 'new.tar', '--sign'];
    for (const [key, env, words] of [
      [KEY, { COSIGN_PASSWORD: 'wrong' }, 'the key cannot be used: wrong password'],
      [PUBLIC, PASSWORD, 'it has no private key in PEM form'],
      ['missing.key', PASSWORD, 'the key cannot be read: no such file or directory'],
    ] as const) {
      const { status, stderr } = await airgap([...args, key], { cwd: work.path, env });
      expect(stderr).toContain(words);
      expect(status).toBe(2);
    }
    expect(registry.seen).toEqual([]);
  });

  it('-o - --sign is refused', async () => {
    await using registry = await TestRegistry.start();
    const { status, stderr } = await airgap(['build', listOf(registry), '-o', '-', '--sign', KEY], {
      cwd: work.path,
      env: PASSWORD,
    });
    expect(status).toBe(2);
    expect(stderr).toContain('sign needs a path as output');
  });

  it('says that checksums of an earlier build are left', async () => {
    await using registry = await TestRegistry.start();
    registry.push('team/app:1', imageOf({ layers: [await noiseLayer('built', 100_000)] }));
    using folder = new TempDir({ 'list.txt': `${registry.host}/team/app:1\n`, 'bundle.tar.sha256': 'old' });
    const { status, stderr } = await airgap(['build', 'list.txt', '-o', 'bundle.tar'], { cwd: folder.path });
    expect(status).toBe(0);
    expect(stderr).toContain('bundle.tar.sha256 is of another bundle');
  });
});

describe('airgap sign', () => {
  it('lists other files', async () => {
    using folder = delivery();
    writeFileSync(folder.file('report.html'), 'report');
    const args = ['sign', 'bundle.tar', '--key', KEY, '--also', 'report.html'];
    expect((await airgap(args, { cwd: folder.path, env: PASSWORD })).status).toBe(0);
    const text = readFileSync(folder.file('bundle.tar.sha256'), 'utf8');
    expect(text).toContain(`${sha256(Buffer.from('report')).slice(7)}  report.html\n`);
    expect((await verify(folder, '--public-key', PUBLIC)).status).toBe(0);
  });

  it.each([
    ['a file twice', ['--also', 'bundle.tar.index.json'], {}, 2, 'the name occurs twice'],
    ['a missing file', ['--also', 'missing'], {}, 2, 'the file cannot be read: no such file or directory'],
    ['no password', [], { COSIGN_PASSWORD: undefined }, 2, 'cannot prompt for the password of the key'],
    ['a wrong password', [], { COSIGN_PASSWORD: 'wrong' }, 2, 'wrong password'],
    ['an empty password', [], { COSIGN_PASSWORD: '' }, 2, 'wrong password'],
  ])('refuses %s, and changes nothing', async (_what, flags, env, expected, words) => {
    using folder = delivery();
    const before = readFileSync(folder.file('bundle.tar.sha256'), 'utf8');
    const { status, stderr } = await airgap(['sign', 'bundle.tar', '--key', KEY, ...flags], {
      cwd: folder.path,
      env: { ...PASSWORD, ...(env as Record<string, string>) },
    });
    expect(stderr).toContain(words);
    expect(status).toBe(expected);
    expect(readFileSync(folder.file('bundle.tar.sha256'), 'utf8')).toBe(before);
  });
});
