import { failures, type RegistryRule } from '../rule-api/registry-rule.ts';

/** An image with an unsupported manifest, usually Docker schema 1. */
export const unsupportedManifest: RegistryRule = {
  id: 'unsupported-manifest',
  severity: 'error',
  queriesRegistries: true,
  explanation:
    'The registry has the image only as Docker schema 1, the format before 2016, or the manifest does not describe an ' +
    'image. Current runtimes and OCI layouts do not support schema 1, and registries have stopped serving it. The bundle ' +
    'cannot be built.',
  *check({ resolutions }) {
    yield* failures(resolutions, ({ code }) => code === 'UNSUPPORTED');
  },
};
