// @ts-check
// Bundles the program: few files start in half the time of the many that they are made of, and what a command does
// not need is not loaded. Types are checked elsewhere.
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const core = createRequire(new URL('../core/package.json', import.meta.url));
rmSync(`${cwd}/dist`, { recursive: true, force: true });
await build({
  cwd,
  input: {
    main: 'src/main.ts',
    // A thread starts from a file of its own, beside the one that starts it.
    'hash-worker': '../core/src/store/hash-worker.js',
  },
  platform: 'node',
  transform: { target: 'node20.19' },
  resolve: {
    conditionNames: ['source', 'import', 'node', 'default'],
    // yaml's build for Node asks the environment whether to log, for each token.
    alias: { yaml: core.resolve('yaml/package.json').replace('package.json', 'browser/index.js') },
  },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    sourcemap: true,
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
});
