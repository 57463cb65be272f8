// @ts-check
// Bundles the program: a few files start in half the time of many, and a command loads only the chunks it needs.
// Types are checked by tsc.
import { rmSync } from 'node:fs';
import { build } from 'rolldown';
import { bundle, HASH_WORKER } from './dist-tools/bundle-options.js';
import { chunks } from './dist-tools/chunks.js';
import { writeSingleFile } from './dist-tools/single-file.js';

rmSync(`${bundle.cwd}/dist`, { recursive: true, force: true });
await build({
  ...bundle,
  input: {
    main: 'src/main.ts',
    // A thread starts from a file of its own, beside the one that starts it.
    'hash-worker': HASH_WORKER,
  },
  output: { ...bundle.output, dir: 'dist', format: 'esm', codeSplitting: chunks },
});
// What `build --with-airgap` copies.
await writeSingleFile(`${bundle.cwd}/dist`);
