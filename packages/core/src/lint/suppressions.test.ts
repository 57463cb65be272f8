import { describe, expect, it } from 'vitest';
import { parseSpec } from '../input/spec-parser.ts';
import { AirgapError } from '../model/errors.ts';
import { runRules } from './lint-run.ts';
import type { RuleSetting } from './rule-api/rule-setting.ts';

function found(text: string, settings: RuleSetting[] = []): string[] {
  return runRules(parseSpec([{ file: 'f', text }]), {}, settings).map(
    ({ rule, severity, position: { file, line, column } }) => `${file}:${line}:${column} ${severity} ${rule}`,
  );
}

const POD = ['apiVersion: v1', 'kind: Pod', 'spec:', '  containers:', '  - image: a'];
const pod = (...last: string[]) => [...POD.slice(0, 4), ...last].join('\n');
const LATEST = 'f:5:12 error latest-tag';
const UNSUPPRESSED = 'f:6:12 error latest-tag';

describe('a comment', () => {
  it.each<[name: string, text: string, expected: string[]]>([
    ['at the line', pod('  - image: a # airgap-ignore latest-tag: in the lab'), []],
    ['at the line above', pod('  # airgap-ignore latest-tag: in the lab', '  - image: a'), []],
    ['without a reason', pod('  - image: a # airgap-ignore latest-tag'), []],
    ['without a space', pod('  - image: a #airgap-ignore latest-tag:x'), []],
    [
      'in a file with CRLF',
      pod('  # airgap-ignore latest-tag: x', '  - image: a').replaceAll('\n', '\r\n'),
      [],
    ],
    ['in a file with a byte order mark', `\uFEFF${pod('  - image: a # airgap-ignore latest-tag: x')}`, []],
    [
      'above another comment',
      pod(
        '  # airgap-ignore latest-tag: x',
        '  # airgap-ignore always-pull: x',
        '  - image: a:1',
        '    imagePullPolicy: Always',
      ),
      ['f:5:3 warning unused-ignore', 'f:6:3 warning unused-ignore', 'f:8:22 error always-pull'],
    ],
    [
      'for each of two rules',
      pod('  # airgap-ignore latest-tag: x', '  # airgap-ignore tag-and-digest: x', '  - image: a'),
      ['f:6:3 warning unused-ignore'],
    ],
    [
      'of another rule',
      pod('  - image: a # airgap-ignore always-pull: x'),
      [LATEST, 'f:5:14 warning unused-ignore'],
    ],
    [
      'two lines above',
      pod('  # airgap-ignore latest-tag: x', '  - name: x', '    image: a'),
      ['f:5:3 warning unused-ignore', 'f:7:12 error latest-tag'],
    ],
    [
      'at the end of the line above',
      pod('  - name: a # airgap-ignore latest-tag: x', '    image: a'),
      ['f:5:13 warning unused-ignore', UNSUPPRESSED],
    ],
    [
      'of an unknown rule',
      pod('  - image: a # airgap-ignore latest: x'),
      [LATEST, 'f:5:14 warning unknown-rule'],
    ],
    ['without a rule', pod('  - image: a # airgap-ignore'), [LATEST, 'f:5:14 warning unknown-rule']],
    ['with another word', pod('  - image: a # airgap-ignored latest-tag: x'), [LATEST]],
    [
      'in quotes, which is not a comment',
      pod('  - image: a', '    name: "# airgap-ignore latest-tag: x"'),
      [LATEST],
    ],
    [
      'in a block scalar, which is not a comment',
      pod('  - image: a', '    args: [a]', 'x: |', '  # airgap-ignore latest-tag: x'),
      [LATEST],
    ],
    [
      'in a text list',
      '# airgap-ignore latest-tag: x\na\nb # airgap-ignore latest-tag: x\nc',
      ['f:4:1 warning latest-tag'],
    ],
    ['after a template', pod('  - name: "{{repl X}}"', '    image: a # airgap-ignore latest-tag: x'), []],
    [
      'after a template of several lines',
      `{{/* a\nb */}}\n${pod('  - image: a # airgap-ignore latest-tag: x')}`,
      [],
    ],
  ])('%s', (_name, text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe('a severity override', () => {
  const at = { file: 'airgap.yaml', line: 2, column: 3 };
  it.each<[name: string, settings: RuleSetting[], expected: string[]]>([
    ['off', [{ rule: 'latest-tag', severity: 'off' }], []],
    ['warning', [{ rule: 'latest-tag', severity: 'warning' }], ['f:5:12 warning latest-tag']],
    ['info', [{ rule: 'latest-tag', severity: 'info' }], ['f:5:12 info latest-tag']],
    [
      'the last of two',
      [
        { rule: 'latest-tag', severity: 'off' },
        { rule: 'latest-tag', severity: 'error' },
      ],
      [LATEST],
    ],
    ['of another rule', [{ rule: 'always-pull', severity: 'off' }], [LATEST]],
    [
      'of an unknown rule',
      [{ rule: 'toString', severity: 'off', position: at }],
      ['airgap.yaml:2:3 warning unknown-rule', LATEST],
    ],
    [
      'of unknown-rule itself',
      [
        { rule: 'latest', severity: 'off', position: at },
        { rule: 'unknown-rule', severity: 'off' },
      ],
      [LATEST],
    ],
  ])('%s', (_name, settings, expected) => {
    expect(found(POD.join('\n'), settings)).toEqual(expected);
  });

  it('error raises a warning', () => {
    expect(found('a', [{ rule: 'latest-tag', severity: 'error' }])).toEqual(['f:1:1 error latest-tag']);
  });

  it('off does not report ignores of that rule as unused', () => {
    expect(
      found(pod('  - image: a:1 # airgap-ignore latest-tag: x'), [{ rule: 'latest-tag', severity: 'off' }]),
    ).toEqual([]);
  });

  it('of an unknown rule without a position is a usage error', () => {
    expect(() => found('a', [{ rule: 'nothing', severity: 'off' }])).toThrow(AirgapError);
  });
});

it('an ignore comment in a rendered text has no effect', () => {
  const text = `# airgap-ignore latest-tag: x\n${POD.join('\n')}`;
  const findings = runRules(parseSpec([{ file: 'f', text, rendered: true }]), {});
  expect(findings.map(({ rule }) => rule)).toEqual(['latest-tag']);
});

it('finds the ignores of a large file in linear time', () => {
  const text = pod(...Array.from({ length: 20_000 }, () => '  - image: a # airgap-ignore latest-tag: x'));
  expect(found(text)).toEqual([]);
}, 20_000);
