import { describe, expect, it } from 'vitest';
import { chart } from './chart.ts';
import type { Score } from './contest.ts';
import { figuresTable, fillBlock } from './figures.ts';
import type { Entrant, Workload } from './workload.ts';

/** @param peer the times of its only peer, if it has one */
function result(number: number, peer?: readonly number[]) {
  const score = (name: string, kind: Entrant['kind'], times: readonly number[]): Score => ({
    entrant: { name, kind },
    measures: times.map(seconds => ({ seconds, cpu: 1, memory: 1, written: 1 })),
  });
  const scores = [score('airgap', 'ours', [2]), ...(peer ? [score('crane', 'peer', peer)] : [])];
  const workload = { number, title: `workload ${number}` } as Workload;
  return { workload, outcomes: [{ title: 'first', scores }] };
}

describe('the figures of the README', () => {
  it('are those of the workloads that ran', () => {
    expect(figuresTable([result(1, [4]), result(2, [9]), result(9, [0.5])])).toEqual({
      head: ['', 'airgap', 'fastest peer'],
      rows: [
        ['build', '2.0', '4.0 (crane)'],
        ['verify', '2.0', '0.500 (crane)'],
      ],
    });
  });
});

describe('a block', () => {
  const text = 'before\n\n<!-- bench:a -->\nold\n<!-- /bench:a -->\n\nafter\n';

  it('is replaced, and nothing else', () => {
    const filled = 'before\n\n<!-- bench:a -->\n\nnew\n\n<!-- /bench:a -->\n\nafter\n';
    expect(fillBlock(text, 'a', 'new\n')).toBe(filled);
    expect(fillBlock(filled, 'a', 'new')).toBe(filled);
  });

  it.each([
    ['b', text],
    ['a', '<!-- bench:a -->\nold\n'],
    ['a', '<!-- /bench:a -->\n<!-- bench:a -->\n'],
  ])('%s of %j is missing', (name, content) => {
    expect(() => fillBlock(content, name, 'new')).toThrow(
      `no block <!-- bench:${name} --> … <!-- /bench:${name} -->`,
    );
  });
});

describe('the chart', () => {
  it('has a bar for each contest with a peer: to the right of 1 where airgap is faster', () => {
    const svg = chart([result(1, [4]), result(2, [1]), result(3)]);
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(([, x, width]) => ({
      from: Number(x),
      to: Number(x) + Number(width),
    }));
    expect(svg.match(/<rect x=/g)).toHaveLength(2);
    const [ahead, behind] = bars;
    // 1 is in the middle of an axis from 500 to 880.
    expect(ahead?.from).toBeCloseTo(690);
    expect(behind?.to).toBeCloseTo(690);
    expect(svg).toContain('2.00 (crane)');
    expect(svg).toContain('0.50 (crane)');
  });
});
