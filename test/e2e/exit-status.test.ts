import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';

const MEANINGS: readonly (readonly [status: number, meaning: RegExp])[] = [
  [0, /done/],
  [1, /findings/],
  [2, /usage/],
  [3, /a registry, .*an object store, a runtime or the network/],
  [4, /content/],
  [5, /disk/],
  [70, /a bug in airgap/],
  [130, /interrupted/],
];

describe('every exit status is documented', () => {
  it('in airgap --help', async () => {
    const { status, stdout } = await airgap(['--help']);
    expect(status).toBe(0);
    const list = /\nExit status:\n(?<lines>(?: {2}\d.*\n)+)/.exec(String(stdout))?.groups?.lines ?? '';
    const documented = list
      .trimEnd()
      .split('\n')
      .map(line => /^ {2}(?<number>\d+) +(?<meaning>.*)$/.exec(line)?.groups);
    expect(documented.map(entry => Number(entry?.number))).toEqual(MEANINGS.map(([number]) => number));
    for (const [at, [, meaning]] of MEANINGS.entries()) expect(documented[at]?.meaning).toMatch(meaning);
  });

  it('in the reference', () => {
    const text = readFileSync(new URL('../../docs/reference/exit-status.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| (?<status>\d+) \| (?<meaning>.*) \|$/gm)].map(({ groups }) => groups);
    expect(rows.map(row => Number(row?.status))).toEqual(MEANINGS.map(([status]) => status));
    for (const [at, [, meaning]] of MEANINGS.entries()) expect(rows[at]?.meaning).toMatch(meaning);
  });
});

it.each<[string, readonly string[], number]>([
  ['the help', ['help'], 0],
  ['the help of a command', ['help', 'build'], 0],
  ['the help of a command with commands', ['shard', 'help'], 0],
  ['the help of a command of a command', ['shard', 'help', 'plan'], 0],
  ['the help of an unknown command', ['help', 'nope'], 2],
  ['no command', [], 2],
  ['no command of a command', ['shard'], 2],
])('%s has its status', async (_name, args, expected) => {
  const { status, stdout, stderr } = await airgap(args);
  expect(status).toBe(expected);
  expect(expected === 0 ? String(stdout) : stderr).toContain('Usage: airgap');
  expect(expected === 0 ? stderr : String(stdout)).toBe('');
});

it('the schema of a config is printed although the config in the folder is invalid', async () => {
  using work = new TempDir({ 'airgap.yaml': 'app: [\n' });
  const { status, stdout } = await airgap(['config', 'schema'], { cwd: work.path });
  expect([status, JSON.parse(String(stdout)).type]).toEqual([0, 'object']);
  expect((await airgap(['config'], { cwd: work.path })).status).toBe(2);
});
