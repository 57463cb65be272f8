import { type AnswerRule, failures } from '../rule-api/registry-rule.ts';

/** A name that its registry does not know. */
export const tagNotFound: AnswerRule = {
  id: 'tag-not-found',
  severity: 'error',
  asksRegistries: true,
  explanation:
    'The registry does not have the image under this tag: a slip of the pen, a tag that was removed, or one that has not ' +
    'been pushed yet. No bundle can be built from the list. A registry may say the same of a private image when it ' +
    'is asked without credentials.',
  *check(answers) {
    yield* failures(answers, ({ code, where }) => code === 'NOT_FOUND' && where.platform === undefined);
  },
};
