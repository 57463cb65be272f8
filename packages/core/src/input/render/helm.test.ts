import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { interrupted } from '../../model/interrupted.ts';
import type { RenderInput } from '../find/find-input.ts';
import type { HelmChart } from '../formats/helm-chart.ts';
import { renderCharts } from './helm.ts';
import { RENDERERS } from './rendered.ts';
import { render } from './renderer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-helm-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string, mode = 0o644): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode });
  return path;
}

async function chart(name: string, template: string): Promise<RenderInput> {
  const file = await write(`${name}/Chart.yaml`, `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
  await write(`${name}/templates/all.yaml`, template);
  return { path: dirname(file), file, files: [] };
}

/** Puts a program before all others: it logs its start and its end, and waits in between. */
async function installSlowHelm(seconds: number): Promise<{ events: () => Promise<string[]> }> {
  const log = await write('log', '');
  const script = `#!/bin/sh
trap 'echo stopped >> ${log}; kill $!; exit 143' TERM
echo start >> ${log}
sleep ${seconds} & wait
echo end >> ${log}
`;
  const helm = await write('bin/helm', script, 0o755);
  vi.stubEnv('PATH', `${dirname(helm)}${delimiter}${process.env.PATH}`);
  return { events: async () => (await readFile(log, 'utf8')).split('\n').filter(line => line !== '') };
}

describe('several charts', async () => {
  const missing = (await render('helm', ['version'])) === undefined;
  const slowly = (times: number, text: string) =>
    `{{- range until ${times} }}{{ $_ := sha256sum (toString .) }}{{ end }}${text}\n`;

  it.skipIf(missing)('have their sources and errors in the order of the input', async () => {
    const inputs = [
      await chart('a', slowly(200_000, '{{ fail "first" }}')),
      await chart('b', slowly(150_000, 'kind: B')),
      await chart('c', '{{ fail "second" }}'),
      await chart('d', 'kind: D'),
    ];
    const { sources, errors } = await renderCharts(inputs, []);
    expect(sources.map(({ text }) => text.trim())).toEqual(['kind: B', 'kind: D']);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('first'),
      expect.stringContaining('second'),
    ]);
  });

  it.skipIf(missing)('of which one has no name may be the missing one, in any order', async () => {
    const named = await chart('a', 'kind: A');
    await render('helm', ['package', named.path, '--destination', folder]);
    const archive = join(folder, 'a-1.0.0.tgz');
    const broken = await write('broken-1.0.0.tgz', 'not a chart');
    const charts = [archive, broken].map(path => ({ path, file: path, files: [] }));
    for (const inputs of [charts, charts.toReversed()]) {
      const { errors } = await renderCharts(inputs, [helmChart('b')]);
      expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('chart not rendered')]);
    }
    const { errors } = await renderCharts(charts.slice(0, 1), [helmChart('b')]);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('is not in the input')]);
  });

  it('are rendered concurrently, up to a limit', async () => {
    const { events } = await installSlowHelm(0.2);
    const count = RENDERERS + 3;
    const inputs = await Promise.all(Array.from({ length: count }, (_, at) => chart(`c${at}`, '')));
    await renderCharts(inputs, []);
    let running = 0;
    const numbers = (await events()).map(event => {
      running += event === 'start' ? 1 : -1;
      return running;
    });
    expect(numbers).toHaveLength(2 * count);
    expect(Math.max(...numbers)).toBe(RENDERERS);
    // None waits for the first.
    expect(numbers[RENDERERS - 1]).toBe(RENDERERS);
  });

  it('end when they are interrupted, and no other starts', async () => {
    const { events } = await installSlowHelm(30);
    const inputs = await Promise.all(Array.from({ length: 20 }, (_, at) => chart(`c${at}`, '')));
    const controller = new AbortController();
    const rendering = renderCharts(inputs, [], {}, controller.signal);
    while ((await events()).length < RENDERERS) await sleep(20);
    controller.abort(interrupted());
    await expect(rendering).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await vi.waitFor(async () =>
      expect((await events()).filter(event => event === 'stopped')).toHaveLength(RENDERERS),
    );
    expect((await events()).filter(event => event === 'start')).toHaveLength(RENDERERS);
  });
});

function helmChart(name: string): HelmChart {
  return {
    chart: name,
    version: '1.0.0',
    release: undefined,
    namespace: undefined,
    values: '',
    position: { file: 'app.yaml', line: 1, column: 1 },
    optionalValues: undefined,
  };
}
