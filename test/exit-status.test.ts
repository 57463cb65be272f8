import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { airgap } from './airgap.ts';

const MEANINGS: readonly (readonly [status: number, meaning: RegExp])[] = [
  [0, /done/],
  [1, /findings/],
  [2, /usage/],
  [3, /a registry, a runtime or the network/],
  [4, /content/],
  [5, /disk/],
  [70, /a bug in airgap itself/],
  [130, /interrupted/],
];

describe('every exit status is explained', () => {
  it('by airgap --help', async () => {
    const { status, stdout } = await airgap(['--help']);
    expect(status).toBe(0);
    const [, list = ''] = /\nExit status:\n((?: {2}\d.*\n)+)/.exec(String(stdout)) ?? [];
    const told = list
      .trimEnd()
      .split('\n')
      .map(line => /^ {2}(\d+) +(.*)$/.exec(line)?.slice(1) ?? []);
    expect(told.map(([number]) => Number(number))).toEqual(MEANINGS.map(([number]) => number));
    for (const [at, [, meaning]] of MEANINGS.entries()) expect(told[at]?.[1]).toMatch(meaning);
  });

  it('by the README', () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
    const [, list = ''] = /Exit status: ([^.]+)\./.exec(text) ?? [];
    const told = list.split(/,? (?=\d)/).map(part => part.replace(/,$/, ''));
    expect(told.map(part => Number.parseInt(part, 10))).toEqual(MEANINGS.map(([number]) => number));
    for (const [at, [, meaning]] of MEANINGS.entries()) expect(told[at]).toMatch(meaning);
  });
});
