import { describe, expect, it } from 'vitest';
import { parseSpec } from '../input/spec-parser.ts';
import { AirgapError } from '../model/errors.ts';
import { runRules } from './lint-run.ts';
import type { RuleSetting } from './rule-api/rule-setting.ts';

function found(text: string, grades: RuleSetting[] = []): string[] {
  return runRules(parseSpec([{ file: 'f', text }]), {}, grades).map(
    ({ rule, severity, position: { file, line, column } }) => `${file}:${line}:${column} ${severity} ${rule}`,
  );
}

const POD = ['apiVersion: v1', 'kind: Pod', 'spec:', '  containers:', '  - image: a'];
const pod = (...last: string[]) => [...POD.slice(0, 4), ...last].join('\n');
const LATEST = 'f:5:12 error latest-tag';
const UNSILENCED = 'f:6:12 error latest-tag';

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
      ['f:5:13 warning unused-ignore', UNSILENCED],
    ],
    [
      'of a rule that there is not',
      pod('  - image: a # airgap-ignore latest: x'),
      [LATEST, 'f:5:14 warning unknown-rule'],
    ],
    ['of no rule', pod('  - image: a # airgap-ignore'), [LATEST, 'f:5:14 warning unknown-rule']],
    ['with something else', pod('  - image: a # airgap-ignored latest-tag: x'), [LATEST]],
    ['that is none, in quotes', pod('  - image: a', '    name: "# airgap-ignore latest-tag: x"'), [LATEST]],
    [
      'that is none, in a block',
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

describe('a grade', () => {
  const at = { file: 'airgap.yaml', line: 2, column: 3 };
  it.each<[name: string, grades: RuleSetting[], expected: string[]]>([
    ['off', [{ rule: 'latest-tag', grade: 'off' }], []],
    ['warning', [{ rule: 'latest-tag', grade: 'warning' }], ['f:5:12 warning latest-tag']],
    ['info', [{ rule: 'latest-tag', grade: 'info' }], ['f:5:12 info latest-tag']],
    [
      'the last of two',
      [
        { rule: 'latest-tag', grade: 'off' },
        { rule: 'latest-tag', grade: 'error' },
      ],
      [LATEST],
    ],
    ['of another rule', [{ rule: 'always-pull', grade: 'off' }], [LATEST]],
    [
      'of a rule that there is not',
      [{ rule: 'toString', grade: 'off', position: at }],
      ['airgap.yaml:2:3 warning unknown-rule', LATEST],
    ],
    [
      'of the rule about rules that there are not',
      [
        { rule: 'latest', grade: 'off', position: at },
        { rule: 'unknown-rule', grade: 'off' },
      ],
      [LATEST],
    ],
  ])('%s', (_name, grades, expected) => {
    expect(found(POD.join('\n'), grades)).toEqual(expected);
  });

  it('error raises what is a warning', () => {
    expect(found('a', [{ rule: 'latest-tag', grade: 'error' }])).toEqual(['f:1:1 error latest-tag']);
  });

  it('off makes no ignore of that rule unused', () => {
    expect(
      found(pod('  - image: a:1 # airgap-ignore latest-tag: x'), [{ rule: 'latest-tag', grade: 'off' }]),
    ).toEqual([]);
  });

  it('of a rule that there is not is wrong usage when nobody wrote it in a file', () => {
    expect(() => found('a', [{ rule: 'nothing', grade: 'off' }])).toThrow(AirgapError);
  });
});

it('a text that a program made has no line to ignore', () => {
  const text = `# airgap-ignore latest-tag: x\n${POD.join('\n')}`;
  const findings = runRules(parseSpec([{ file: 'f', text, rendered: true }]), {});
  expect(findings.map(({ rule }) => rule)).toEqual(['latest-tag']);
});

it('finds the ignores of a large file in time that grows with it', () => {
  const text = pod(...Array.from({ length: 20_000 }, () => '  - image: a # airgap-ignore latest-tag: x'));
  expect(found(text)).toEqual([]);
}, 20_000);
