import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';

const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: c, image: quay.io/t/a:1}\n';
const DATABASE = 'apiVersion: e/v1\nkind: Database\nmetadata: {name: main}\nspec: {image: quay.io/t/db:1}\n';
const BROKEN = 'a: b: "\u001b]0;forged"\n';

/** Runs a command in a folder with these files and returns its output as text. */
async function run(files: Record<string, string>, args: readonly string[], stdin = '') {
  using place = new TempDir();
  for (const [file, text] of Object.entries(files)) {
    const path = join(place.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const { status, stdout, stderr } = await airgap(args, { cwd: place.path, stdin });
  return { status, stdout: stdout.toString(), stderr };
}

describe('airgap images', () => {
  it('prints positions and reasons with --why', async () =>
    expect(await run({ 'a.yaml': POD }, ['images', '.', '--why'])).toEqual({
      status: 0,
      stdout: 'quay.io/t/a:1\n  a.yaml:6:22: container c of Pod web\n',
      stderr: '',
    }));

  it('reads standard input', async () =>
    expect((await run({}, ['images', '-', '--why'], POD)).stdout).toContain(
      '<stdin>:6:22: container c of Pod web',
    ));

  it('finds the images of other kinds by flag and by config', async () => {
    const files = {
      'db.yaml': `${DATABASE}---\n${DATABASE.replace('Database', 'Cache').replace('/db:', '/cache:')}`,
      'airgap.yaml': 'imagePaths:\n  Cache: .spec.image\n',
    };
    expect((await run(files, ['images', 'db.yaml', '--image-path', 'Database=.spec.image'])).stdout).toBe(
      'quay.io/t/db:1\nquay.io/t/cache:1\n',
    );
  });

  it('lists the readable images and exits with 1 when a file is not YAML', async () => {
    const { status, stdout, stderr } = await run({ 'a.yaml': BROKEN, 'b.yaml': POD }, ['images', '.']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'quay.io/t/a:1\n' });
    expect(stderr).toMatch(/^a.yaml:1:4: not YAML: .*\n {2}next: Fix the YAML syntax there/);
    expect(stderr).not.toContain('\u001b');
  });

  it('exits with 1 when a chart cannot be rendered, and gives the command that helps', async () => {
    const files = {
      'web/Chart.yaml':
        'apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: d, version: 1.0.0, repository: "https://127.0.0.1:9"}]\n',
      'web/templates/a.yaml': POD,
    };
    const { status, stdout, stderr } = await run(files, ['images', 'web']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'quay.io/t/a:1\n' });
    expect(stderr).toMatch(
      /^web.Chart.yaml:1:1: chart not rendered .*(missing dependencies: d|helm is not on PATH)/,
    );
  });

  it('takes variables of the environment for Compose only when they are named', async () => {
    const files = { 'compose.yaml': 'services: {a: {image: "quay.io/t/a:$HOME"}}\n', 'e.env': 'HOME=file' };
    expect((await run(files, ['images', '.'])).stderr).toContain('image name is a template');
    expect((await run(files, ['images', '.', '--env', 'HOME=2'])).stdout).toBe('quay.io/t/a:2\n');
    expect((await run(files, ['images', '.', '--env-file', 'e.env'])).stdout).toBe('quay.io/t/a:file\n');
  });

  it('lists the other images when one is invalid', async () => {
    const files = { 'a.yaml': POD, 'b.yaml': POD.replace('quay.io/t/a:1', 'Foo/BAR:1') };
    const { status, stdout, stderr } = await run(files, ['images', '.']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'quay.io/t/a:1\n' });
    expect(stderr).toMatch(/^b.yaml:6:22: invalid image reference: "Foo.BAR:1"/);
  });

  it('prints positions and reasons as JSON', async () => {
    const { stdout } = await run({ 'a.yaml': POD }, ['images', 'a.yaml', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      images: [
        {
          reference: 'quay.io/t/a:1',
          listed: [],
          used: [{ file: 'a.yaml', line: 6, column: 22, reason: 'container c of Pod web' }],
        },
      ],
      templated: [],
      unread: [],
      parseErrors: [],
      renderErrors: [],
      notes: [],
    });
  });
});

describe('a document that is not YAML', () => {
  const files = { 'a.yaml': 'a: b: c\n', 'b.yaml': POD };

  it('is a finding for lint', async () => {
    const { status, stdout } = await run(files, ['lint', '.']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringContaining('error unreadable') });
  });

  it.each([['plan'], ['build', '-o', 'bundle.tar']])('is an error for %s', async (...args) => {
    const { status, stderr } = await run(files, [...args, '.']);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('a.yaml:1:4: error: not YAML'),
    });
  });
});

describe('--image-path', () => {
  it.each([['lint'], ['images'], ['plan'], ['build', '-o', 'b.tar']])(
    'with invalid syntax is a usage error for %s',
    async (...args) => {
      const { status, stderr } = await run({ 'a.yaml': POD }, [
        ...args,
        'a.yaml',
        '--image-path',
        'Database=spec',
      ]);
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringMatching(/invalid image path "Database=spec"[\s\S]*KIND=PATH/),
      });
    },
  );
});
