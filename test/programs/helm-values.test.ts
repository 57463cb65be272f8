import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { lacks, output } from '../support/programs/program.ts';

const work = new TempDir();
let registry: TestRegistry;

function write(path: string, text: string): void {
  mkdirSync(dirname(work.file(path)), { recursive: true });
  writeFileSync(work.file(path), text);
}

/** A pod whose image is an expression. */
const pod = (name: string, image: string, more = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n    - name: main\n      image: ${image}\n${more}`;

/** A chart in the folder of the test. */
function chart(path: string, values: string, templates: Record<string, string>): void {
  const name = path.split('/').at(-1);
  write(`${path}/Chart.yaml`, `apiVersion: v2\nname: ${name}\nversion: 1.0.0\nappVersion: "1"\n`);
  write(`${path}/values.yaml`, values);
  for (const [file, text] of Object.entries(templates)) write(`${path}/templates/${file}.yaml`, text);
}

const PAIR = '{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}';

beforeAll(async () => {
  registry = await TestRegistry.start();
  const names = ['team/app:1', 'team/web:1', 'team/sub:1', 'team/job:1', 'team/operand:1', 'team/off:1'];
  const images = names.map((name, at) => [
    name,
    imageOf({ layers: [noiseOf(at, 100)], compression: 'none' }),
  ]);
  await buildBundle(Object.fromEntries(images), work.file('bundle.tar'));
  chart('string', 'image: registry.test/team/app:1\n', { pod: pod('a', '{{ .Values.image }}') });
  chart(
    'split',
    'image:\n  registry: registry.test\n  repository: team/web\n  tag: "1"\nsidecar:\n  repository: registry.test/team/app\n',
    {
      pod: pod('a', PAIR),
      sidecar: pod(
        'b',
        '"{{ .Values.sidecar.repository }}:{{ .Values.sidecar.tag | default .Chart.AppVersion }}"',
      ),
    },
  );
  chart('global', 'global:\n  imageRegistry: registry.test\n', {
    one: pod('a', '{{ .Values.global.imageRegistry }}/team/app:1'),
    two: pod('b', '{{ .Values.global.imageRegistry }}/team/web:1'),
  });
  chart('parent', 'image: registry.test/team/app:1\nsub:\n  enabled: true\n', {
    pod: pod('a', '{{ .Values.image }}'),
  });
  chart('parent/charts/sub', 'image:\n  registry: registry.test\n  repository: team/sub\n  tag: "1"\n', {
    pod: pod('s', PAIR),
  });
  chart(
    'mixed',
    'image: registry.test/team/app:1\njob:\n  enabled: false\n  image: registry.test/team/job:1\nextra:\n  - name: web\n    image: registry.test/team/web:1\noperand: registry.test/team/operand:1\nservice:\n  name: team/app\n',
    {
      pod: pod(
        'a',
        '{{ .Values.image }}',
        '      env:\n        - name: RELATED_IMAGE\n          value: {{ .Values.operand }}\n',
      ),
      fixed: pod('fixed', 'registry.test/team/off:1'),
      foreign: pod('foreign', 'elsewhere.test/x:1'),
      job: `{{ if .Values.job.enabled }}\n${pod('job', '{{ .Values.job.image }}')}\n{{ end }}`,
      extra: `{{ range .Values.extra }}\n---\n${pod('{{ .name }}', '{{ .image }}')}\n{{ end }}`,
    },
  );
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

async function load(specs: string, ...flags: string[]) {
  const target = `${registry.host}/vendor`;
  const args = [
    'load',
    'bundle.tar',
    target,
    '--dry-run',
    '--specs',
    specs,
    '--helm-values',
    'values.yaml',
    ...flags,
  ];
  return airgap(args, { cwd: work.path });
}

/** The images of a chart as helm renders it with the written values. */
async function rendered(path: string, ...flags: string[]): Promise<string[]> {
  const args = ['template', work.file(path), ...flags, '--values', work.file('values.yaml')];
  const text = await output('helm', ...args);
  return [...text.matchAll(/(?:image|value): "?(\S+?)"?$/gm)].map(([, image = '']) => image).sort();
}

describe.skipIf(lacks('values of charts', 'helm'))('load --helm-values', () => {
  it.each([
    ['one string', 'string', ['app']],
    ['registry, repository and tag', 'split', ['app', 'web']],
    ['a registry for all images', 'global', ['app', 'web']],
    ['images of a subchart', 'parent', ['app', 'sub']],
  ])('points %s at the registry', async (_what, path, names) => {
    const { stderr, status } = await load(path);
    expect(stderr).not.toContain('skipped');
    expect(stderr).toContain(`of the chart point`);
    expect(status).toBe(0);
    expect(await rendered(path)).toEqual(names.map(name => `${registry.host}/vendor/team/${name}:1`));
  });

  it('reads a packaged chart with its subcharts', async () => {
    await output('helm', 'package', work.file('parent'), '--destination', work.path);
    const { stderr, status } = await load('parent-1.0.0.tgz');
    expect(stderr).not.toContain('skipped');
    expect(status).toBe(0);
    expect(await rendered('parent-1.0.0.tgz')).toEqual([
      `${registry.host}/vendor/team/app:1`,
      `${registry.host}/vendor/team/sub:1`,
    ]);
  });

  it('lists what it cannot prove, and changes nothing else', async () => {
    const { stderr, status } = await load('mixed');
    expect(status).toBe(0);
    const lines = stderr.split('\n').filter(line => line.includes('skipped'));
    expect(lines.join('\n')).toMatch(/Pod fixed: registry\.test\/team\/off:1 is not determined by a value/);
    expect(lines.join('\n')).toMatch(/Pod foreign: elsewhere\.test\/x:1 was not loaded/);
    expect(lines.join('\n')).toMatch(/job\.image is set to .*: not proven/);
    expect(await rendered('mixed')).toEqual(
      [
        'elsewhere.test/x:1',
        'registry.test/team/off:1',
        ...['app', 'operand', 'web'].map(name => `${registry.host}/vendor/team/${name}:1`),
      ].sort(),
    );
    expect(await rendered('mixed', '--set', 'job.enabled=true')).toContain(
      `${registry.host}/vendor/team/job:1`,
    );
  });

  it("takes the customer's values into account", async () => {
    write('mine.yaml', 'job:\n  enabled: true\n');
    const { stderr } = await load('mixed', '--values', 'mine.yaml');
    expect(stderr).not.toContain('job.image');
    expect(await rendered('mixed', '--values', work.file('mine.yaml'))).toContain(
      `${registry.host}/vendor/team/job:1`,
    );
  });

  it('lists other places that a value changes', async () => {
    const length = '{{ len .Values.image }}';
    chart('wide', 'image: registry.test/team/app:1\n', {
      pod: pod('a', '{{ .Values.image }}', `      args: ["${length}"]\n`),
    });
    const { stderr, status } = await load('wide');
    expect(stderr).toMatch(/the rendering changes in another place: args: \["\d+"\]: not proven/);
    expect(status).toBe(0);
  });

  it('points charts at the registry whose images have a registry of their own and one for all', async () => {
    const registryOf = '{{ .Values.global.imageRegistry | default .Values.image.registry }}';
    chart(
      'both',
      'global:\n  imageRegistry: registry.test\nimage:\n  registry: registry.test\n  repository: team/app\n  tag: "1"\n',
      { pod: pod('a', `${registryOf}/{{ .Values.image.repository }}:{{ .Values.image.tag }}`) },
    );
    expect((await load('both')).status).toBe(0);
    expect(await rendered('both')).toEqual([`${registry.host}/vendor/team/app:1`]);
  });

  it.each([
    ['--specs', ['--specs', 'mixed'], 'exactly one chart'],
    ['a file without a chart', [], 'found no chart'],
    ['--values', ['--values', 'none.yaml'], 'no such file'],
  ])('is an error for %s', async (_what, flags, message) => {
    write('plain/pod.yaml', pod('a', 'registry.test/team/app:1'));
    const specs = message === 'found no chart' ? 'plain' : 'string';
    const { stderr, status } = await load(specs, ...flags);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('reports a chart that helm cannot render, before anything is pushed', async () => {
    chart('broken', 'a: 1\n', { pod: '{{ fail "no" }}' });
    const args = ['load', 'bundle.tar', registry.host, '--specs', 'broken', '--helm-values', 'values.yaml'];
    const requests = registry.seen.length;
    const { stderr, status } = await airgap(args, { cwd: work.path });
    expect(stderr).toContain('helm: ');
    expect(status).toBe(2);
    expect(registry.seen.length).toBe(requests);
  });

  it('needs --specs', async () => {
    const args = ['load', 'bundle.tar', registry.host, '--helm-values', 'values.yaml'];
    const { stderr, status } = await airgap(args, { cwd: work.path });
    expect(stderr).toContain('--helm-values without --specs');
    expect(status).toBe(2);
  });
});
