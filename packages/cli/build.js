// @ts-check
// Bundles the program: few files start in half the time of the many that they are made of, and what a command does
// not need is not loaded. Types are checked elsewhere.
import { rmSync } from 'node:fs';
import { build } from 'rolldown';
import { bundle, HASH_WORKER } from './dist-tools/bundle-options.js';

rmSync(`${bundle.cwd}/dist`, { recursive: true, force: true });
await build({
  ...bundle,
  input: {
    main: 'src/main.ts',
    // A thread starts from a file of its own, beside the one that starts it.
    'hash-worker': HASH_WORKER,
  },
  output: { ...bundle.output, dir: 'dist', format: 'esm' },
});
