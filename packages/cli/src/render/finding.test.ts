import type { Finding } from '@airgap/core';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { groupFindings, renderCounts, renderFinding, renderSummary } from './finding.ts';

const PLAIN = pc.createColors(false);
const finding: Finding = {
  rule: 'latest-tag',
  severity: 'warning',
  message: 'redis has the tag latest',
  hint: 'Use another tag.',
  position: { file: 'app.yaml', line: 2, column: 7 },
};

function render(text: string, column = 7, more: Partial<Finding> = {}): string[] {
  const position = { ...finding.position, column };
  const sources = [{ file: 'app.yaml', text: `images:\n${text}\n` }];
  return renderFinding({ ...finding, ...more, position }, sources, PLAIN).split('\n');
}

describe('renderFinding', () => {
  it('renders position, message, line, marker and fix', () =>
    expect(render('  tag: latest # x')).toEqual([
      'app.yaml:2:7: warning latest-tag: redis has the tag latest',
      '  2 |   tag: latest # x',
      '    |       ^',
      '  fix: Use another tag.',
      '',
    ]));

  it.each([
    ['a word', '  tag: latest', 8, '    |        ^^^^^^'],
    ['after a tab', '\ttag: latest', 7, '    | \t     ^^^^^^'],
    ['after wide characters', '世界: latest', 5, '    |       ^^^^^^'],
    ['after an escape that is shown longer', '\u001b: latest', 4, '    |         ^^^^^^'],
    ['a carriage return, without marking it', '  tag: latest\r', 8, '    |        ^^^^^^'],
    ['beyond the end', 'tag:', 6, '    |     ^'],
  ])('marks %s', (_name, text, column, mark) => expect(render(text, column)[2]).toBe(mark));

  it('shows related positions', () => {
    const related = [{ position: { file: 'b.yaml', line: 1, column: 2 }, message: 'used here' }];
    expect(render('  tag: latest', 8, { related })).toContain('    b.yaml:1:2: used here');
  });

  it('works without the source', () => expect(renderFinding(finding, [], PLAIN).split('\n')).toHaveLength(3));

  it('does not let a file name forge a line', () => {
    const position = { file: 'a\n\u001b', line: 1, column: 1 };
    expect(renderFinding({ ...finding, position }, [], PLAIN)).toContain('a\\u{a}\\u{1b}:1:1: ');
  });
});

it.each([
  [[], '0 errors, 0 warnings'],
  [[finding], '0 errors, 1 warning'],
  [[finding, { ...finding, severity: 'error' as const }], '1 error, 1 warning'],
  [[{ ...finding, severity: 'info' as const }], '0 errors, 0 warnings, 1 note'],
])('renderSummary %#', (findings, text) => expect(renderSummary(findings)).toBe(text));

it.each([
  [[], ''],
  [[finding], '1 warning'],
  [[finding, finding, { ...finding, severity: 'info' as const }], '2 warnings, 1 note'],
  [[finding, { ...finding, severity: 'error' as const }], '1 error, 1 warning'],
])('renderCounts %#', (findings, text) => expect(renderCounts(findings)).toBe(text));

describe('findings of one rule about one image', () => {
  const at = (line: number, more: Partial<Finding> = {}): Finding => ({
    ...finding,
    image: 'redis',
    position: { file: 'app.yaml', line, column: 1 },
    ...more,
  });

  it('are one group, in order of the first', () => {
    const other = at(2, { image: 'nginx' });
    const alone = [at(3, { rule: 'x' }), at(4, { severity: 'error' }), { ...finding }, { ...finding }];
    const groups = groupFindings([at(1), other, at(5), ...alone]);
    expect(groups.map(group => group.length)).toEqual([2, 1, 1, 1, 1, 1]);
    expect(groups[0]).toEqual([at(1), at(5)]);
  });

  it('are rendered once, with their places', () => {
    const others = [at(5), at(6, { message: 'used by Pod b' })];
    expect(renderFinding(at(1), [], PLAIN, others).split('\n')).toEqual([
      'app.yaml:1:1: warning latest-tag: redis has the tag latest',
      '    also app.yaml:5:1',
      '    also app.yaml:6:1: used by Pod b',
      '  fix: Use another tag.',
      '',
    ]);
  });

  it('have at most 20 further places', () => {
    const others = Array.from({ length: 30 }, (_, index) => at(index + 2));
    const lines = renderFinding(at(1), [], PLAIN, others).split('\n');
    expect(lines).toHaveLength(24);
    expect(lines).toContain('    and 10 more places');
  });
});
