import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', ...exclude] },
});

/** The folders of `test/` that are projects of their own. */
const FOLDERS = ['e2e', 'programs', 'faults', 'fuzz'];

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    // Tests wait more than they work: for registries that limit, and for retries.
    maxWorkers: '150%',
    maxConcurrency: 16,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      project('unit', ['packages/*/src/**/*.test.ts']),
      ...FOLDERS.map(folder => project(folder, [`test/${folder}/**/*.test.ts`])),
      // Checks of the repository itself, and every other folder.
      project(
        'repository',
        ['{bench,test}/**/*.test.ts'],
        FOLDERS.map(folder => `test/${folder}/**`),
      ),
    ],
  },
});
