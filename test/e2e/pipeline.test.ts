import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';

const HOME = fileURLToPath(new URL('../..', import.meta.url));
const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: quay.io/t/a\n';
const FIXED = `${POD}    imagePullPolicy: IfNotPresent\n`;

const read = (name: string): unknown => parse(readFileSync(`${HOME}/${name}`, 'utf8'));

/** Runs a bash script in a directory. */
function bash(script: string, cwd: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd,
    env: { ...process.env, ...WITHOUT_SETTINGS, ...env },
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

  /** Runs a step as a runner does: expressions become environment variables, the command a script. */
  function runStep(name: string, inputs: Record<string, string>, cwd: string) {
    const step = action.runs.steps.find(candidate => candidate.name === name);
    if (!step) throw new Error(`no step ${name}`);
    const evaluate = (expression: string) => {
      const input = /^\$\{\{ inputs\.(?<name>[\w-]+) \}\}$/.exec(expression)?.groups?.name ?? '';
      return inputs[input] ?? action.inputs[input]?.default ?? '';
    };
    const env = Object.fromEntries(
      Object.entries(step.env).map(([key, expression]) => [key, evaluate(expression)]),
    );
    return bash(step.run, cwd, { ...env, GITHUB_ACTION_PATH: HOME });
  }

  it('annotates findings and fails', () => {
    using place = new TempDir({ 'a.yaml': POD });
    expect(runStep('Lint', { specs: 'a.yaml' }, place.path)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^::error file=a.yaml,line=6,/),
    });
  });

  it.each<[name: string, files: Record<string, string>, inputs: Record<string, string>, status: number]>([
    ['there are no findings', { 'a.yaml': FIXED }, { specs: 'a.yaml' }, 0],
    ['the findings are below the threshold', { 'a.yaml': 'a\n' }, { specs: 'a.yaml', 'fail-on': 'error' }, 0],
    ['several specs are passed', { 'a.yaml': FIXED, 'b.yaml': POD }, { specs: 'a.yaml\nb.yaml\n' }, 1],
    ['a flag is passed', { 'a.yaml': FIXED }, { specs: 'a.yaml', flags: '--config gone.yaml' }, 2],
    ['a spec does not exist', { 'a.yaml': FIXED }, { specs: 'gone.yaml', sarif: 'out.sarif' }, 2],
    ['a path looks like a flag or a command', { 'a.yaml': FIXED }, { specs: '--help $(touch x)' }, 2],
  ])('exits with the status of lint when %s', (_name, files, inputs, status) => {
    using place = new TempDir(files);
    expect(runStep('Lint', inputs, place.path).status).toBe(status);
    expect(existsSync(place.file('x'))).toBe(false);
  });

  describe('with a config', () => {
    const rules = { off: 'rules: {latest-tag: off}\n', on: 'rules: {latest-tag: error}\n' };

    it.each<[name: string, config: string, status: number]>([
      ['that is named', 'my config.yaml', 0],
      ['that is not named', '', 1],
      ['that does not exist', 'gone.yaml', 2],
      ['whose name looks like a flag', '--help', 2],
    ])('%s, decides which rules count', (_name, config, status) => {
      using place = new TempDir({ 'a.yaml': POD, 'my config.yaml': rules.off, 'airgap.yaml': rules.on });
      expect(runStep('Lint', { specs: 'a.yaml', config }, place.path).status).toBe(status);
    });

    it('in the working folder only, does not count for credentials', () => {
      const mirror = 'mirrors: {docker.io: "http://127.0.0.1:1"}\n';
      using place = new TempDir({ 'a.yaml': 'images: [{name: a, tag: "1"}]\n', 'airgap.yaml': mirror });
      const inputs = { specs: 'a.yaml', bundle: 'b.tar' };
      expect(runStep('Build', inputs, place.path)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('its folder is not trusted'),
      });
      const named = runStep('Build', { ...inputs, config: 'airgap.yaml' }, place.path);
      expect(named.stderr).toContain('mirror of docker.io: http://127.0.0.1:1 (airgap.yaml)');
    });
  });

  it('writes a SARIF log regardless of the findings', () => {
    using place = new TempDir({ 'a.yaml': POD });
    runStep('Lint', { specs: 'a.yaml', sarif: 'out.sarif' }, place.path);
    const log = JSON.parse(readFileSync(place.file('out.sarif'), 'utf8'));
    expect(log.runs[0].results).toMatchObject([{ ruleId: 'latest-tag' }]);
  });

  it('builds with the given flags', () => {
    using place = new TempDir({ 'a.yaml': 'images: []\n' });
    const inputs = { specs: 'a.yaml', bundle: 'b.tar', 'build-flags': '--app shop' };
    expect(runStep('Build', inputs, place.path)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no images found in the input'),
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

  /** pre-commit takes the script from its clone of this repository, and runs it in the user's repository. */
  function run(id: string) {
    const hook = hooks.find(candidate => candidate.id === id);
    return bash(`${HOME}/${hook?.entry} ${hook?.args.join(' ')}`, place.path);
  }

  it('reports the findings in the directory', () =>
    expect(run('airgap-lint')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('a.yaml:6:12: error latest-tag'),
    }));

  it('applies safe fixes', () => {
    expect(run('airgap-lint-fix').status).toBe(0);
    expect(readFileSync(place.file('a.yaml'), 'utf8')).toBe(FIXED);
  });

  it('refers to scripts that are executable in git', () => {
    for (const { entry } of hooks) {
      const [script = ''] = entry.split(' ');
      const listed = execFileSync('git', ['ls-files', '--stage', script], { cwd: HOME, encoding: 'utf8' });
      expect(listed).toMatch(/^100755 /);
    }
  });
});
