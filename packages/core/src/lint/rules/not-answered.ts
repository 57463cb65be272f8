import { failures, type RegistryRule } from '../rule-api/registry-rule.ts';

const REPORTED_BY_OTHER_RULES = new Set(['NOT_FOUND', 'UNSUPPORTED']);

/** An image whose registry could not be queried. */
export const notAnswered: RegistryRule = {
  id: 'not-answered',
  severity: 'warning',
  queriesRegistries: true,
  explanation:
    'The registry of the image is unreachable, rejected the credentials, or closed the connection. It is unknown whether ' +
    'the image exists and has other findings; a build would fail with the same error.',
  *check({ resolutions }) {
    yield* failures(resolutions, ({ code }) => !REPORTED_BY_OTHER_RULES.has(code));
  },
};
