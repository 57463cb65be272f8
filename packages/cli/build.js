// @ts-check
// Bundles the program: a few files start in half the time of many, and a command loads only the chunks it needs.
// Types are checked by tsc.
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
    // A worker thread starts from its own file, next to the file that starts it.
    'hash-worker': '../core/src/store/hash-worker.js',
  },
  platform: 'node',
  transform: { target: 'node20.19' },
  resolve: {
    conditionNames: ['source', 'import', 'node', 'default'],
    // yaml's Node build reads the environment for every token to decide whether to log.
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
