import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { TempDir } from '../support/airgap.ts';
import { missingPrograms, output } from '../support/programs/program.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

/** The programs that the bench needs and that are not installed. */
export const missing = missingPrograms('docker-registry', 'nginx', 'curl', 'openssl', 'time');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: the bench; not installed: ${missing.join(', ')}\n`);

/** Runs workloads with very little data, and checks the documents that they write. */
export async function runSmallBench(workloads: readonly number[]): Promise<void> {
  using place = new TempDir();
  const folders = ['data', 'memory', 'disk'].flatMap(name => [`--${name}`, place.path]);
  const small = ['--runs', '1', '--scale', '0.001', '--only', workloads.join()];
  const tsx = ['--import', 'tsx', '--conditions', 'source'];
  mkdirSync(place.file('docs'));
  writeFileSync(place.file('README.md'), block('figures'));
  writeFileSync(place.file('docs/bench.md'), block('summary'));
  await output(process.execPath, ...tsx, BENCH, ...small, ...folders, '--docs', place.path);
  const read = (file: string) => readFileSync(place.file(file), 'utf8');
  const tables = read('docs/bench-run.md');
  expect(tables.match(/^## \d+\. /gm)).toHaveLength(workloads.length);
  expect(tables).toMatch(/^\| floor: curl, openssl, dd +\|/m);
  expect(tables).not.toContain('failed');
  expect(tables).toMatch(/^\| +\|.* requests \| connections \|/m);
  for (const number of workloads) expect(read('docs/bench.md')).toMatch(new RegExp(`^\\| ${number} `, 'm'));
  expect(read('README.md')).toMatch(/^\| build +\| +\d/m);
  expect(read('docs/bench.svg')).toContain('>1 12 images on a shared base<');
}

function block(name: string): string {
  return `<!-- bench:${name} -->\n<!-- /bench:${name} -->\n`;
}
