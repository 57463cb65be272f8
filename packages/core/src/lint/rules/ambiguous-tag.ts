import { parse } from 'yaml';
import type { Rule } from '../rule-api/rule.ts';

/** An unquoted tag that a YAML parser makes something else of. */
export const ambiguousTag: Rule = {
  id: 'ambiguous-tag',
  severity: 'warning',
  explanation:
    'Without quotes, YAML takes 3.10 for the number 3.1, 010 for 8 and 1e3 for 1000. This tool reads what is written, but ' +
    'others do not, and a customer gets another image, or none, where one of them has a hand in it.',
  example: {
    found: `
images:
- name: python
  tag: 3.10
`,
    fixed: `
images:
- name: python
  tag: "3.10"
`,
  },
  *check({ spec }) {
    for (const { name, tag, isTagPlain, tagPosition } of spec.listed) {
      const other = isTagPlain && tag !== undefined ? otherReading(tag) : undefined;
      if (other === undefined) continue;
      yield {
        message: `other tools read the tag ${tag} of ${name} as ${other}`,
        hint: `Quote it: "${tag}".`,
        position: tagPosition,
      };
    }
  },
};

/** What YAML 1.1 or 1.2 makes of a plain scalar, when that is written differently. */
function otherReading(tag: string): string | undefined {
  for (const version of ['1.2', '1.1'] as const) {
    const value: unknown = parse(tag, { version });
    if (value === null || typeof value === 'object') return value === null ? 'nothing' : 'a date';
    if (String(value) !== tag) return String(value);
  }
  return undefined;
}
