import type { Rule } from '../rule-api/rule.ts';

/** `version:` in an `images:` entry, where only `tag:` is read. */
export const ignoredVersion: Rule = {
  id: 'ignored-version',
  severity: 'error',
  explanation:
    'An images: entry has a tag:, and no version:. A version: there is passed over in silence, so that without a tag: ' +
    'the image becomes latest: another one than the vendor has tested, and one that Kubernetes tries to pull.',
  example: {
    found: `
images:
- name: redis
  version: "7.2"
`,
    fixed: `
images:
- name: redis
  tag: "7.2"
`,
  },
  *check({ spec }) {
    for (const { name, version, tag } of spec.listed) {
      if (!version) continue;
      yield {
        severity: tag === undefined ? 'error' : 'warning',
        message: `version: of ${name} is not read${tag === undefined ? ', so that its tag is latest' : ''}`,
        hint: tag === undefined ? `Write tag: ${version.value} instead.` : 'Remove it; tag: is what counts.',
        position: version.position,
      };
    }
  },
};
