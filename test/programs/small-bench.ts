import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { TempDir } from '../support/airgap.ts';
import { missingPrograms, output } from '../support/programs/program.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

/** The programs that the bench needs and that are not installed. */
export const missing = missingPrograms('docker-registry', 'nginx', 'curl', 'openssl', 'time');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: the bench; not installed: ${missing.join(', ')}\n`);

/** Runs workloads with very little data, and checks the tables and the chart. */
export async function runSmallBench(workloads: readonly number[]): Promise<void> {
  using place = new TempDir();
  const [markdown, svg] = [place.file('run.md'), place.file('run.svg')];
  const folders = ['data', 'memory', 'disk'].flatMap(name => [`--${name}`, place.path]);
  const small = ['--runs', '1', '--scale', '0.001', '--only', workloads.join()];
  const tsx = ['--import', 'tsx', '--conditions', 'source'];
  const files = ['--markdown', markdown, '--svg', svg];
  await output(process.execPath, ...tsx, BENCH, ...small, ...folders, ...files);
  const tables = readFileSync(markdown, 'utf8');
  expect(tables.match(/^## \d+\. /gm)).toHaveLength(workloads.length);
  expect(tables).toMatch(/^\| floor: curl, openssl, dd +\|/m);
  expect(tables).not.toContain('failed');
  expect(readFileSync(svg, 'utf8')).toContain('seconds against bytes');
}
