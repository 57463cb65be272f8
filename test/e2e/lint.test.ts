import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';

const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: quay.io/t/a\n';

/** Runs a command in a folder with these files and returns its output as text. */
async function run(files: Record<string, string>, args: readonly string[]) {
  using place = new TempDir(files);
  const { status, stdout, stderr } = await airgap(args, { cwd: place.path });
  return { status, stdout: stdout.toString(), stderr };
}

describe('rules: in airgap.yaml', () => {
  it.each([
    ['off', [], 0],
    ['off', ['--fail-on', 'info'], 0],
    ['info', [], 0],
    ['info', ['--fail-on', 'info'], 1],
    ['warning', [], 1],
    ['warning', ['--fail-on', 'error'], 0],
    ['error', ['--fail-on', 'error'], 1],
  ])('%s, with %j, exits with %i', async (severity, flags, expected) => {
    const files = { 'a.yaml': POD, 'airgap.yaml': `rules:\n  latest-tag: ${severity}\n` };
    const { status, stdout } = await run(files, ['lint', 'a.yaml', ...flags]);
    expect({ status, isReported: stdout.includes(`${severity} latest-tag`) }).toEqual({
      status: expected,
      isReported: severity !== 'off',
    });
  });

  it('reports an unknown rule with its position', async () => {
    const files = { 'a.yaml': '- a:1', 'airgap.yaml': 'rules:\n  latest: off\n' };
    expect((await run(files, ['lint', 'a.yaml'])).stdout).toContain('airgap.yaml:2:3: warning unknown-rule');
  });
});

it('a comment suppresses findings on its line', async () => {
  const files = { 'a.yaml': POD.replace('t/a', 't/a # airgap-ignore latest-tag: only in the lab') };
  expect(await run(files, ['lint', 'a.yaml'])).toEqual({
    status: 0,
    stdout: '0 errors, 0 warnings; 1 mention of 1 image in 1 file\n',
    stderr: '',
  });
});

it('a file that is named twice is read once', async () => {
  const files = { 'a.yaml': 'images:\n- name: quay.io/t/a\n  tag: "1"\n' };
  expect(await run(files, ['lint', '.', 'a.yaml', './a.yaml'])).toEqual({
    status: 0,
    stdout: '0 errors, 0 warnings; 1 mention of 1 image in 1 file\n',
    stderr: '',
  });
});

describe('images that nothing reads', () => {
  const OPERATOR = [
    'apiVersion: v1\nkind: Pod\nmetadata: {name: o}\nspec:\n  containers:\n  - image: quay.io/t/o:1\n    env:',
    '    - {name: A_IMAGE, value: quay.io/t/a:1}',
    '    - {name: B_IMAGE, value: t/b:1}\n',
  ].join('\n');
  const files = { 'o.yaml': OPERATOR };

  it('are findings, and fixed by no fix', async () => {
    const { status, stdout } = await run(files, ['lint', 'o.yaml', '--fix']);
    expect(status).toBe(1);
    expect(stdout).toContain('o.yaml:8:30: warning unread-image: quay.io/t/a:1 in env A_IMAGE of Pod o');
    expect(stdout).toContain('o.yaml:9:30: info unread-image: t/b:1 in env B_IMAGE of Pod o');
    expect(stdout).toContain('fixed 0 places');
  });

  it.each([
    ['--include-unread', {}, ['--include-unread'], ['quay.io/t/o:1', 'quay.io/t/a:1', 'docker.io/t/b:1']],
    ['include:', { 'airgap.yaml': 'include: t/b' }, [], ['quay.io/t/o:1', 'docker.io/t/b:1']],
    ['--exclude', {}, ['--include-unread', '--exclude', 'quay.io/*'], ['docker.io/t/b:1']],
  ])('are taken with %s', async (_name, config, flags, expected) => {
    const { stdout } = await run({ ...files, ...config }, ['images', 'o.yaml', ...flags]);
    expect(stdout.trim().split('\n')).toEqual(expected);
  });

  it('are comments of an images: section', async () => {
    const { stdout, stderr } = await run(files, ['images', 'o.yaml', '--format', 'yaml']);
    expect(stdout).toContain('# o.yaml:8:30: not included: quay.io/t/a:1 in env A_IMAGE of Pod o');
    expect(stderr).toContain('o.yaml:9:30: not included: docker.io/t/b:1');
  });
});

it('an input without images is a finding', async () => {
  const { status, stdout } = await run({ 'a.yaml': 'hello: world' }, ['lint', 'a.yaml']);
  expect(status).toBe(1);
  expect(stdout).toContain('a.yaml:1:1: warning no-images: no image found in 1 file');
});

it('help lists the flags for registries only with --online', async () => {
  const help = async (...flags: string[]) => (await run({}, ['lint', ...flags, '--help'])).stdout;
  expect(await help()).not.toContain('--plain-http');
  expect(await help('--online')).toContain('--plain-http');
});

describe('--fix', () => {
  const LIST = '# kind: replicated\r\nimages:\r\n- name: quay.io/t/a # ours\r\n  version: 3.10\r\n';
  const FIXED = LIST.replace('version: 3.10', 'tag: "3.10"');
  const FIXED_POD = `${POD}    imagePullPolicy: IfNotPresent\n`;

  it('fixes the files, prints each fix, and reports the remaining findings', async () => {
    using place = new TempDir({ 'a.yaml': LIST, 'b.yaml': POD });
    const { status, stdout } = await airgap(['lint', 'a.yaml', 'b.yaml', '--fix'], { cwd: place.path });
    expect(status).toBe(1);
    expect(stdout.toString()).toMatch(/^a.yaml:4:3: fixed ignored-version: rename version: to tag:\n/);
    expect(stdout.toString()).toContain('fixed 4 places\n');
    expect(stdout.toString()).toContain('warning unused-image');
    const added = '- source: public\r\n  name: quay.io/t/a\r\n  tag: "latest"\r\n';
    expect(readFileSync(place.file('a.yaml'), 'utf8')).toBe(FIXED + added);
    expect(readFileSync(place.file('b.yaml'), 'utf8')).toBe(FIXED_POD);
    expect(place.files()).toEqual(['a.yaml', 'b.yaml']);
  });

  it('prints a diff that git applies, and writes nothing, in a dry run', async () => {
    using place = new TempDir({ 'a.yaml': LIST, 'b.yaml': POD });
    const { status, stdout } = await airgap(['lint', '.', '--fix', '--dry-run'], { cwd: place.path });
    expect(status).toBe(1);
    expect(readFileSync(place.file('b.yaml'), 'utf8')).toBe(POD);
    execFileSync('git', ['apply', '-p0'], { cwd: place.path, input: stdout });
    expect(readFileSync(place.file('a.yaml'), 'utf8')).toContain(FIXED);
    expect(readFileSync(place.file('b.yaml'), 'utf8')).toBe(FIXED_POD);
  });

  it('prints a diff that git applies to a file with a byte order mark', async () => {
    using place = new TempDir({ 'a.yaml': `\uFEFF${LIST}` });
    const { stdout } = await airgap(['lint', 'a.yaml', '--fix', '--dry-run'], { cwd: place.path });
    execFileSync('git', ['apply', '-p0'], { cwd: place.path, input: stdout });
    expect(readFileSync(place.file('a.yaml'), 'utf8')).toBe(`\uFEFF${FIXED}`);
  });

  it('fails in a dry run that would change a file, also when no finding would remain', async () => {
    const { status, stderr } = await run({ 'b.yaml': POD }, ['lint', '.', '--fix', '--dry-run']);
    expect(stderr).toContain('would fix 1 place');
    expect(status).toBe(1);
  });

  it('prints no diff in a dry run when there is nothing to fix', async () =>
    expect(await run({ 'b.yaml': FIXED_POD }, ['lint', '.', '--fix', '--dry-run'])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'would fix 0 places\n',
    }));

  it('prints fixes to stderr for GitHub, and in the JSON report', async () => {
    const files = { 'b.yaml': POD };
    const github = await run(files, ['lint', '.', '--fix', '--format', 'github']);
    expect(github).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining('fixed 1 place') });
    const json = JSON.parse((await run(files, ['lint', '.', '--fix', '--json'])).stdout);
    expect(json).toMatchObject({
      fixed: [{ rule: 'latest-tag' }],
      files: [{ file: 'b.yaml' }],
      findings: [],
    });
  });

  it.each([
    ['--dry-run without it', ['--dry-run'], '--dry-run requires --fix'],
    [
      'a format without diffs',
      ['--fix', '--dry-run', '--format', 'sarif'],
      '--format sarif does not support --dry-run',
    ],
    ['standard input', ['--fix', '-'], 'standard input cannot be fixed'],
  ])('is a usage error with %s', async (_name, flags, message) =>
    expect(await run({ 'b.yaml': POD }, ['lint', 'b.yaml', ...flags])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(message),
    }),
  );
});
