import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { formatReport, parseReport } from './shard-report.ts';

const plan = digestOf(Buffer.from('plan'));
const parts = [{ number: 1, etag: '"1"' }];

describe('parseReport', () => {
  it('reads what formatReport has written', () => {
    const report = { plan, isFinished: true, parts };
    expect(parseReport(formatReport(report), plan, 0)).toEqual(report);
  });

  it.each([
    ['of another plan', { plan: digestOf(Buffer.from('other')), finished: true, parts: [] }],
    ['with a part that no upload has', { plan, finished: true, parts: [[10_001, '"1"']] }],
    ['with a part without an ETag', { plan, finished: true, parts: [[1, '']] }],
    ['with an unknown field', { plan, finished: true, parts: [], extra: 1 }],
    ['that is no object', []],
  ])('refuses a report %s, and names its file', (_case, document) => {
    expect(() => parseReport(Buffer.from(JSON.stringify(document)), plan, 7)).toThrow(
      expect.objectContaining({
        code: 'INPUT',
        message: 'invalid report of shard 7: shard-00007.json',
      }),
    );
  });
});
