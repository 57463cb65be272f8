import { parse } from 'yaml';
import type { Rule } from '../rule-api/rule.ts';

/** An unquoted tag that YAML parsers do not read as a string. */
export const ambiguousTag: Rule = {
  id: 'ambiguous-tag',
  severity: 'warning',
  explanation:
    'Without quotes, YAML parsers read 3.10 as the number 3.1, 010 as 8 and 1e3 as 1000. airgap uses the tag as written, but ' +
    'other tools do not: with them the customer gets a different image, or the pull fails.',
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
      const other = isTagPlain && tag !== undefined ? parsedDifferently(tag) : undefined;
      if (other === undefined) continue;
      yield {
        message: `other tools read the unquoted tag ${tag} of ${name} as ${other}`,
        hint: `Quote the tag: "${tag}".`,
        position: tagPosition,
      };
    }
  },
};

/** Returns how YAML 1.1 or 1.2 reads a plain scalar, if not as the same string. */
function parsedDifferently(tag: string): string | undefined {
  for (const version of ['1.2', '1.1'] as const) {
    const value: unknown = parse(tag, { version });
    if (value === null) return 'null';
    if (typeof value === 'object') return 'a date';
    if (String(value) !== tag) return String(value);
  }
  return undefined;
}
