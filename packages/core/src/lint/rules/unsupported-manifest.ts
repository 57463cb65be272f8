import { type AnswerRule, failures } from '../rule-api/registry-rule.ts';

/** An image that no bundle can hold, most often of Docker schema 1. */
export const unsupportedManifest: AnswerRule = {
  id: 'unsupported-manifest',
  severity: 'error',
  asksRegistries: true,
  explanation:
    'The registry has the image only as Docker schema 1, the form before 2016, or as something that is no image at all. ' +
    "Today's runtimes do not take schema 1, an OCI layout cannot hold it, and registries have stopped serving it: no " +
    'bundle can be built with it.',
  *check(answers) {
    yield* failures(answers, ({ code }) => code === 'UNSUPPORTED');
  },
};
