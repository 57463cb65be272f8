import { type AnswerRule, failures } from '../rule-api/registry-rule.ts';

/** An image that was not made for every platform that was chosen. */
export const missingPlatform: AnswerRule = {
  id: 'missing-platform',
  severity: 'error',
  asksRegistries: true,
  explanation:
    'The image is not there for a platform that was chosen with --platform, or for linux/amd64 when none was. On a node of that ' +
    'platform its containers cannot start, and no bundle can be built for it.',
  *check(answers) {
    yield* failures(answers, ({ code, where }) => code === 'NOT_FOUND' && where.platform !== undefined);
  },
};
