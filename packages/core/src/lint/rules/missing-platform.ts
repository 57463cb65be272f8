import { failures, type RegistryRule } from '../rule-api/registry-rule.ts';

/** An image that is missing a selected platform. */
export const missingPlatform: RegistryRule = {
  id: 'missing-platform',
  severity: 'error',
  queriesRegistries: true,
  explanation:
    'The image has no manifest for a platform selected with --platform, or for the default linux/amd64. Its containers ' +
    'cannot start on nodes of that platform, and the bundle cannot be built.',
  *check({ resolutions }) {
    yield* failures(resolutions, ({ code, where }) => code === 'NOT_FOUND' && where.platform !== undefined);
  },
};
