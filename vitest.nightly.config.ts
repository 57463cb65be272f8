import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

const { projects: _, ...shared } = config.test ?? {};

/** Tests that are slow or fetch much: .ci/nightly runs them. */
export default defineConfig({
  ...config,
  test: {
    ...shared,
    include: ['test/**/*.nightly.ts', 'test/release/workflows.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
