import { describe, expect, it } from 'vitest';
import { TempDir } from '../test/support/airgap.ts';
import { KeptResults } from './kept-results.ts';

const OUTCOMES = [{ title: 'twelve', scores: [] }];

describe('kept results', () => {
  it('are those of an earlier bench, workload by workload', () => {
    using place = new TempDir();
    new KeptResults(place.file('run.json'), 1).keep(3, OUTCOMES);
    const resumed = new KeptResults(place.file('run.json'), 1);
    expect(resumed.of(3)).toEqual(OUTCOMES);
    expect(resumed.of(4)).toBeUndefined();
  });

  it('of another scale are refused', () => {
    using place = new TempDir();
    const file = place.file('run.json');
    new KeptResults(file, 0.1).keep(3, OUTCOMES);
    expect(() => new KeptResults(file, 1)).toThrow(`${file}: results of scale 0.1, expected 1`);
  });

  it('are in no file without a name', () => {
    const kept = new KeptResults(undefined, 1);
    kept.keep(3, OUTCOMES);
    expect(kept.of(3)).toEqual(OUTCOMES);
  });
});
