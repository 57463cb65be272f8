import type { Rule } from '../rule-api/rule.ts';

/** Something about the input that is not an error. */
export const inputNote: Rule = {
  id: 'input-note',
  severity: 'info',
  explanation:
    'The lint reports here what it left out of the input and why: links that lead out of a folder, services that Compose ' +
    'builds, optional values of a chart. It also reports images that depend on a value that the customer may change, ' +
    'for example a KOTS option; the image of its default is included.',
  *check({ spec }) {
    yield* spec.notes;
  },
};
