import { failures, type RegistryRule } from '../rule-api/registry-rule.ts';

/** An image that its registry does not have. */
export const tagNotFound: RegistryRule = {
  id: 'tag-not-found',
  severity: 'error',
  queriesRegistries: true,
  explanation:
    'The registry does not have this tag: it is misspelled, was deleted, or has not been pushed yet. The bundle cannot be ' +
    'built. Some registries also return this error for private images when the request has no credentials.',
  *check({ resolutions }) {
    yield* failures(resolutions, ({ code, where }) => code === 'NOT_FOUND' && where.platform === undefined);
  },
};
