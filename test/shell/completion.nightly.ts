import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { lacks } from '../support/programs/program.ts';

const work = new TempDir({ 'app.yaml': 'image: a', 'bundle.tar': '' });
afterAll(() => work[Symbol.dispose]());

beforeAll(() => {
  const program = work.file('airgap');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${AIRGAP}" "$@"\n`);
  chmodSync(program, 0o755);
});

const script = async (shell: string) => (await airgap(['completion', shell])).stdout.toString();
const run = (program: string, args: string[], input: string) =>
  spawnSync(program, args, {
    input,
    cwd: work.path,
    env: { ...process.env, PATH: `${work.path}:${process.env.PATH}`, HOME: work.path, LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
  });

/** What is typed, words that are offered, and words that are not. */
const TYPED: readonly [string, readonly string[], readonly string[]][] = [
  ['airgap ', ['build', 'completion', 'verify'], ['--output']],
  ['airgap bu', ['build'], ['lint']],
  ['airgap build --plat', ['--platform'], ['--output']],
  ['airgap build --progress ', ['plain', 'json'], ['bundle.tar']],
  ['airgap load bundle.tar --naming ', ['path', 'host', 'kots'], ['docker:']],
  ['airgap load bundle.tar do', ['docker:'], ['podman:']],
  ['airgap verify bun', ['bundle.tar'], ['app.yaml']],
  ['airgap build -o bun', ['bundle.tar'], ['app.yaml']],
  ['airgap completion ', ['bash', 'zsh', 'fish'], ['bundle.tar']],
];

describe.skipIf(lacks('completion in bash', 'bash'))('bash', () => {
  /** Completes as readline does: it splits words at blanks, = and :. */
  const complete = async (line: string) => {
    const words = line.split(/ |(?==)|(?<==)/);
    const list = words.map(word => `'${word}'`).join(' ');
    const ask = `compopt() { :; }
COMP_WORDS=(${list}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_airgap; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = run('bash', ['--norc'], `${await script('bash')}\n${ask}\n`);
    expect(stderr).toBe('');
    return stdout.split('\n');
  };

  it.each(TYPED)('%s', async (line, offered, others) => {
    const words = await complete(line);
    expect(words).toEqual(expect.arrayContaining([...offered]));
    for (const word of others) expect(words).not.toContain(word);
  });

  it('completes the value after =', async () =>
    expect(await complete('airgap build --progress=pl')).toEqual(['plain', '']));
});

describe.skipIf(lacks('completion in zsh', 'zsh'))('zsh', () => {
  /** Types the line and a tab at a real prompt, and returns what the terminal shows. */
  const complete = async (line: string) => {
    writeFileSync(work.file('airgap.zsh'), await script('zsh'));
    const typing = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= ; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source ./airgap.zsh; cd ."
zpty -w z "zstyle ':completion:*' list-prompt ''; LISTMAX=1000; stty cols 200; print READY"
zpty -r z shown '*READY'$'\\r'
sleep 0.3
zpty -n -w z $'${line}\\t\\t'
sleep 1.5
while zpty -r -t z shown; do print -rn -- "$shown"; done
zpty -d z`;
    return run('zsh', ['-f'], typing).stdout;
  };

  it.each(TYPED)('%s', { timeout: 60_000 }, async (line, offered) => {
    const shown = await complete(line);
    for (const word of offered) expect(shown).toContain(word.slice(line.split(' ').at(-1)?.length ?? 0));
  });
});

describe.skipIf(lacks('completion in fish', 'fish'))('fish', () => {
  it.each(TYPED)('%s', async (line, offered, others) => {
    writeFileSync(work.file('ask.fish'), `${await script('fish')}\ncomplete -C '${line}'\n`);
    const { stdout, stderr } = run('fish', ['ask.fish'], '');
    expect(stderr).toBe('');
    const words = stdout.split('\n').map(row => row.split('\t')[0]);
    expect(words).toEqual(expect.arrayContaining([...offered]));
    for (const word of others.filter(other => other.includes(':'))) expect(words).not.toContain(word);
  });
});

describe('the manual page', () => {
  const page = async () => (await airgap(['man'])).stdout.toString();

  it('has every command with its flags', async () => {
    const text = await page();
    for (const part of [
      '.SS "airgap build',
      '.B \\-o, \\-\\-output <bundle>',
      '.SS "airgap config',
      'Exit status:',
    ])
      expect(text).toContain(part);
  });

  it.skipIf(lacks('the manual page in groff', 'groff'))('is rendered by groff without warnings', async () => {
    const { status, stderr } = run('groff', ['-man', '-ww', '-z', '-Tutf8'], await page());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.skipIf(lacks('the lint of mandoc', 'mandoc'))('passes the lint of mandoc', async () => {
    const { stdout } = run('mandoc', ['-T', 'lint', '-W', 'warning'], await page());
    expect(stdout).toBe('');
  });
});

it('completion of an unknown shell is a usage error', async () => {
  const { status, stderr } = await airgap(['completion', 'tcsh']);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish');
  expect(status).toBe(2);
});
