import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TempDir } from './airgap.ts';

const HOME = fileURLToPath(new URL('..', import.meta.url));
const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: quay.io/t/a\n';
const FIXED = `${POD}    imagePullPolicy: IfNotPresent\n`;

const read = (name: string): unknown => parse(readFileSync(`${HOME}/${name}`, 'utf8'));

/** Runs a command line in a folder, as bash reads it. */
function bash(script: string, cwd: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd,
    env: { ...process.env, DOCKER_CONFIG: '/nonexistent', NO_COLOR: '1', ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the action', () => {
  interface Step {
    readonly name: string;
    readonly run: string;
    readonly env: Record<string, string>;
  }
  const action = read('action.yml') as {
    inputs: Record<string, { default?: string }>;
    runs: { steps: Step[] };
  };

  /** Runs a step as a runner does: its expressions become environment, its command a script. */
  function step(name: string, inputs: Record<string, string>, cwd: string) {
    const found = action.runs.steps.find(one => one.name === name);
    if (!found) throw new Error(`no step ${name}`);
    const value = (expression: string) => {
      const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression) ?? [];
      return inputs[input] ?? action.inputs[input]?.default ?? '';
    };
    const env = Object.fromEntries(Object.entries(found.env).map(([key, one]) => [key, value(one)]));
    return bash(found.run, cwd, { ...env, GITHUB_ACTION_PATH: HOME });
  }

  it('annotates what it finds and fails', () => {
    using place = new TempDir({ 'a.yaml': POD });
    expect(step('Lint', { specs: 'a.yaml' }, place.path)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^::error file=a.yaml,line=6,/),
    });
  });

  it.each<[name: string, files: Record<string, string>, inputs: Record<string, string>, status: number]>([
    ['nothing is found', { 'a.yaml': FIXED }, { specs: 'a.yaml' }, 0],
    ['what is found is mild', { 'a.yaml': 'a\n' }, { specs: 'a.yaml', 'fail-on': 'error' }, 0],
    ['several specs are named', { 'a.yaml': FIXED, 'b.yaml': POD }, { specs: 'a.yaml\nb.yaml\n' }, 1],
    ['a flag is given', { 'a.yaml': FIXED }, { specs: 'a.yaml', flags: '--config gone.yaml' }, 2],
    ['a spec is not there', { 'a.yaml': FIXED }, { specs: 'gone.yaml', sarif: 'out.sarif' }, 2],
    ['a name looks like a flag or a command', { 'a.yaml': FIXED }, { specs: '--help $(touch x)' }, 2],
  ])('ends as lint does when %s', (_name, files, inputs, status) => {
    using place = new TempDir(files);
    expect(step('Lint', inputs, place.path).status).toBe(status);
    expect(existsSync(place.file('x'))).toBe(false);
  });

  it('writes a SARIF log, whatever is found', () => {
    using place = new TempDir({ 'a.yaml': POD });
    step('Lint', { specs: 'a.yaml', sarif: 'out.sarif' }, place.path);
    const log = JSON.parse(readFileSync(place.file('out.sarif'), 'utf8'));
    expect(log.runs[0].results).toMatchObject([{ ruleId: 'latest-tag' }]);
  });

  it('builds with the flags that are given', () => {
    using place = new TempDir({ 'a.yaml': 'images: []\n' });
    const inputs = { specs: 'a.yaml', bundle: 'b.tar', 'build-flags': '--app shop' };
    expect(step('Build', inputs, place.path)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('the specs name no images'),
    });
  });
});

describe('a pre-commit hook', () => {
  interface Hook {
    readonly id: string;
    readonly entry: string;
    readonly args: string[];
    readonly files: string;
  }
  const hooks = read('.pre-commit-hooks.yaml') as Hook[];
  let place: TempDir;
  beforeAll(() => {
    place = new TempDir({ 'a.yaml': POD });
  });
  afterAll(() => place[Symbol.dispose]());

  /** pre-commit looks for the script in its clone of this repository, and runs it in the user's. */
  function run(id: string) {
    const hook = hooks.find(one => one.id === id);
    return bash(`${HOME}/${hook?.entry} ${hook?.args.join(' ')}`, place.path);
  }

  it('reports what it finds in the folder', () =>
    expect(run('airgap-lint')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('a.yaml:6:12: error latest-tag'),
    }));

  it('mends what it can', () => {
    expect(run('airgap-lint-fix').status).toBe(0);
    expect(readFileSync(place.file('a.yaml'), 'utf8')).toBe(FIXED);
  });

  it('names scripts that git keeps as executable', () => {
    for (const { entry } of hooks) {
      const [script = ''] = entry.split(' ');
      const listed = execFileSync('git', ['ls-files', '--stage', script], { cwd: HOME, encoding: 'utf8' });
      expect(listed).toMatch(/^100755 /);
    }
  });
});
