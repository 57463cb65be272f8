// @ts-check
// Bundles the program: a few files start in half the time of many, and a command loads only the chunks it needs.
// Types are checked by tsc.
import { rmSync } from 'node:fs';
import { build } from 'rolldown';
import { bundle } from './dist-tools/bundle-options.js';
import { chunks } from './dist-tools/chunks.js';
import { hashWorkerSource } from './dist-tools/hash-worker.js';
import { writeSingleFile } from './dist-tools/single-file.js';

rmSync(`${bundle.cwd}/dist`, { recursive: true, force: true });
await build({
  ...bundle,
  input: { main: 'src/main.ts' },
  transform: {
    ...bundle.transform,
    define: { HASH_WORKER_SOURCE: JSON.stringify(await hashWorkerSource()) },
  },
  output: { ...bundle.output, dir: 'dist', format: 'esm', codeSplitting: chunks },
});
// What `build --with-airgap` copies.
await writeSingleFile(`${bundle.cwd}/dist`);
