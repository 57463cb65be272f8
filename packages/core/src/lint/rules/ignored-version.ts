import type { Rule } from '../rule-api/rule.ts';

/** `version:` in an `images:` entry, which supports only `tag:`. */
export const ignoredVersion: Rule = {
  id: 'ignored-version',
  severity: 'error',
  explanation:
    'An images: entry supports tag:, not version:. version: is ignored without a warning, so an entry without tag: uses ' +
    'latest: not the image that the vendor tested, and one that Kubernetes tries to pull.',
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
      if (tag === undefined) {
        yield {
          severity: 'error',
          message: `version: of ${name} is ignored: the tag defaults to latest`,
          hint: `Write tag: ${version.value} instead.`,
          position: version.position,
        };
      } else {
        yield {
          severity: 'warning',
          message: `version: of ${name} is ignored: tag: applies`,
          hint: 'Remove version:.',
          position: version.position,
        };
      }
    }
  },
};
