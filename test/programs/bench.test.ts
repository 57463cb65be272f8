import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { TempDir } from '../support/airgap.ts';
import { missingPrograms, output } from '../support/programs/program.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

const missing = missingPrograms('docker-registry', 'nginx', 'curl', 'openssl', 'time');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: the bench; not installed: ${missing.join(', ')}\n`);

it.skipIf(missing.length > 0)(
  'the bench runs all workloads, checks the results, and writes tables and a chart',
  async () => {
    using place = new TempDir();
    const [markdown, svg] = [place.file('run.md'), place.file('run.svg')];
    const folders = ['data', 'memory', 'disk'].flatMap(name => [`--${name}`, place.path]);
    const small = ['--runs', '1', '--scale', '0.001'];
    const tsx = ['--import', 'tsx', '--conditions', 'source'];
    const files = ['--markdown', markdown, '--svg', svg];
    await output(process.execPath, ...tsx, BENCH, ...small, ...folders, ...files);
    const tables = readFileSync(markdown, 'utf8');
    expect(tables.match(/^## \d+\. /gm)).toHaveLength(14);
    expect(tables).toMatch(/^\| floor: curl, openssl, dd +\|/m);
    expect(tables).not.toContain('failed');
    expect(readFileSync(svg, 'utf8')).toContain('seconds against bytes');
  },
  600_000,
);
