import { describe, expect, it } from 'vitest';
import type { Outcome, Score } from './contest.ts';
import type { Measure } from './measure.ts';
import { isRepeated } from './repeat.ts';
import { contestTable, contestTitle, summaryTable } from './report.ts';
import { trafficOf } from './traffic.ts';
import type { Entrant, Workload } from './workload.ts';

const MB = 1_000_000;

function score(
  name: string,
  kind: Entrant['kind'],
  times: readonly number[],
  more: Partial<Measure> = {},
): Score {
  const measures = times.map(seconds => ({ seconds, cpu: 1, memory: 50 * MB, written: 3 * MB, ...more }));
  return { entrant: { name, kind }, measures };
}

const OUTCOME: Outcome = {
  title: 'twelve',
  scores: [
    score('airgap', 'ours', [2, 3, 1], { requests: 40, connections: 4 }),
    score('crane', 'peer', [4, 4.2, 5], { requests: 60, connections: 1 }),
    score('skopeo', 'peer', [9], { requests: 70, connections: 70 }),
    { ...score('oras', 'peer', []), failure: 'exit status 1' },
    score('floor: curl', 'floor', [1.5, 1.5, 1.5]),
  ],
};

describe('the table of a contest', () => {
  it('has the columns that an entrant has values for, and the runs of those that ran less often', () => {
    expect(contestTable(OUTCOME)).toEqual({
      head: ['', 'min s', 'median s', 'max s', 'vs airgap', 'CPU s', 'memory MB', 'requests', 'connections'],
      rows: [
        ['airgap', '1.0', '2.0', '3.0', '1.00', '1.0', '50', '40', '4'],
        ['crane', '4.0', '4.2', '5.0', '2.10', '1.0', '50', '60', '1'],
        ['skopeo (1 run)', '9.0', '9.0', '9.0', '4.50', '1.0', '50', '70', '70'],
        ['oras', 'failed'],
        ['floor: curl', '1.5', '1.5', '1.5', '0.75', '1.0', '50', '', ''],
      ],
    });
    expect(contestTitle(OUTCOME)).toBe('twelve, 3 runs');
  });

  it('shows variants and does not rank them', () => {
    const workers = { workerCpu: 0.5, workerSent: 7 * MB };
    const scores = [score('4 workers', 'ours', [4], workers), score('build', 'variant', [1])];
    const outcome = { title: 'upload', scores };
    const { head, rows } = contestTable(outcome);
    expect(head.slice(-2)).toEqual(['CPU s/worker', 'MB/worker']);
    expect(rows.map(row => row.slice(-2))).toEqual([
      ['0.500', '7'],
      ['', ''],
    ]);
    const workload = { number: 15, title: 'workers' } as Workload;
    expect(summaryTable([{ workload, outcomes: [outcome] }]).rows).toEqual([
      ['15 workers: upload', '4.0', '', '', '', '', '', '50'],
    ]);
  });
});

describe('another turn', () => {
  const second: Outcome = {
    title: 'again',
    scores: [
      score('airgap', 'ours', [9]),
      score('crane', 'peer', [2.4]),
      score('skopeo', 'peer', [2]),
      score('oras', 'peer', []),
      score('floor: curl', 'floor', [90]),
    ],
  };
  it.each([
    ['airgap, however slow', 0, [second], true],
    ['the fastest peer', 1, [OUTCOME], true],
    ['a peer that is a little slower', 1, [second], true],
    ['a peer that is slower than that', 2, [OUTCOME], false],
    ['a peer that is fast in another outcome', 2, [OUTCOME, second], true],
    ['an entrant before its first run', 3, [OUTCOME], true],
    ['the floor', 4, [second], true],
    ['a peer that takes minutes', 0, [{ title: 'capped', scores: [score('crane', 'peer', [61])] }], false],
  ])('for %s', (_, at, outcomes, expected) => {
    expect(isRepeated(at, outcomes)).toBe(expected);
  });
});

it('traffic is requests, different connections and the bytes of bodies', () => {
  const request = (connection: string, bytes: number) => ({ connection, bytes, status: 200, path: '/v2/' });
  expect(trafficOf([request('a', 5), request('b', 0), request('a', 7)])).toEqual({
    requests: 3,
    connections: 2,
    received: 12,
  });
});
