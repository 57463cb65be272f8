import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { airgap } from '../support/airgap.ts';

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
