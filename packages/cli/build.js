// @ts-check
// Bundles the program: few files start in half the time of the many that they are made of, and what a command does
// not need is not loaded. Types are checked elsewhere.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const cwd = fileURLToPath(new URL('.', import.meta.url));
rmSync(`${cwd}/dist`, { recursive: true, force: true });
await build({
  cwd,
  input: {
    main: 'src/main.ts',
    // A thread starts from a file of its own, beside the one that starts it.
    'hash-thread': '../core/src/content/hash-thread.js',
  },
  platform: 'node',
  transform: { target: 'node20.19' },
  // Without `node`: yaml's build for Node asks the environment whether to log, for each token.
  resolve: { conditionNames: ['source', 'import', 'default'] },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    sourcemap: true,
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
});
