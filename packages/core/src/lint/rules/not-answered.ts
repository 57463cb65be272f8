import { type AnswerRule, failures } from '../rule-api/registry-rule.ts';

const TOLD_ELSEWHERE = new Set(['NOT_FOUND', 'UNSUPPORTED']);

/** An image that nobody could be asked about. */
export const notAnswered: AnswerRule = {
  id: 'not-answered',
  severity: 'warning',
  asksRegistries: true,
  explanation:
    'Its registry could not be reached, refused the credentials, or broke off. Whether ' +
    'it is there, and whether anything is wrong with it, is not known; a build would stop at the same place.',
  *check(answers) {
    yield* failures(answers, ({ code }) => !TOLD_ELSEWHERE.has(code));
  },
};
