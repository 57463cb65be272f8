// @ts-check
import { build } from 'rolldown';
import { bundle } from './bundle-options.js';

/**
 * The source of the hash worker in one piece: a thread that starts from text needs no file, and loads nothing of the
 * program.
 */
export async function hashWorkerSource() {
  const { output } = await build({
    ...bundle,
    plugins: [],
    input: '../core/src/store/hash-worker.js',
    output: { ...bundle.output, format: 'cjs' },
    write: false,
  });
  const [worker] = output;
  if (output.length !== 1) throw new Error('hash-worker.js must become one file');
  return worker.code;
}
