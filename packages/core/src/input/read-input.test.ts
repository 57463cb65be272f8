import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AirgapError, formatWhere } from '../model/errors.ts';
import { readSpec } from './read-input.ts';
import { runProgram } from './render/program.ts';
import { imageRequests } from './requests.ts';

const pod = (image: string) => `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: ${image}\n`;
const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const HELM_CHART =
  'apiVersion: kots.io/v1beta2\nkind: HelmChart\nspec: {chart: {name: web, chartVersion: 1.0.0}}\n';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-read-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Reads a folder with these files; paths are relative to it. */
async function read(files: Readonly<Record<string, string>>) {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  const spec = await readSpec({ specs: [folder] });
  const format = ({ where, message }: AirgapError) =>
    `${formatWhere(where)} ${message}`.replaceAll(`${folder}/`, '');
  return {
    spec,
    used: spec.used.map(({ image }) => image.value),
    parseErrors: spec.parseErrors.map(format),
    renderErrors: spec.renderErrors.map(format),
  };
}

describe('without helm, kustomize and kubectl', () => {
  beforeEach(() => vi.stubEnv('PATH', folder));

  it('a chart is reported, and its templates are read as plain YAML', async () => {
    const { used, renderErrors } = await read({
      'web/Chart.yaml': CHART,
      'web/values.yaml': 'images: [a]',
      'web/templates/web.yaml': `{{- if .Values.web }}\n${pod('a:1')}{{- end }}\n---\n${pod('{{ .Values.b }}')}`,
      'app.yaml': HELM_CHART,
    });
    expect(used).toEqual(['a:1', '{{ .Values.b }}']);
    expect(renderErrors).toEqual([
      'web/Chart.yaml:1:1 chart not rendered (its files were read as plain YAML): helm is not on PATH',
    ]);
  });

  it('a chart archive is reported', async () =>
    expect((await read({ 'web-1.0.0.tgz': '' })).renderErrors).toEqual([
      'web-1.0.0.tgz:1:1 chart not rendered: helm is not on PATH',
    ]));

  it('a HelmChart with a missing chart is reported at the name of the chart', async () =>
    expect((await read({ 'app.yaml': HELM_CHART })).renderErrors).toEqual([
      'app.yaml:3:22 chart web 1.0.0 is not in the input: its images are unknown',
    ]));

  it('a kustomization and its bases are reported, and their files are read as plain YAML', async () => {
    const { used, renderErrors } = await read({
      'prod/kustomization.yaml': 'resources: [../base, pod.yaml]',
      'prod/pod.yaml': pod('a:1'),
      'base/kustomization.yaml': 'resources: [pod.yaml]',
      'base/pod.yaml': pod('b:1'),
    });
    expect(used).toEqual(['b:1', 'a:1']);
    expect(renderErrors).toEqual([
      'prod/kustomization.yaml:1:1 kustomization not rendered (its files were read as plain YAML): ' +
        'neither kustomize nor kubectl is on PATH',
    ]);
  });

  it('imageRequests throws, unless the input has a list', async () => {
    const files = { 'web-1.0.0.tgz': '', 'pod.yaml': pod('a:1') };
    const { spec } = await read(files);
    expect(() => imageRequests(spec, {})).toThrow('chart not rendered');
    const listed = await read({ ...files, 'list.yaml': 'images:\n- name: b\n' });
    expect(imageRequests(listed.spec, {}).map(({ reference }) => `${reference}`)).toEqual([
      'docker.io/library/b:latest',
    ]);
  });
});

describe('a base is rendered only as part of its kustomization', async () => {
  const missing =
    (await runProgram('kustomize', ['help'])) === undefined &&
    (await runProgram('kubectl', ['help'])) === undefined;

  it.skipIf(missing)('and a failing kustomization is reported', async () => {
    const { used, renderErrors } = await read({
      'good/kustomization.yaml': 'resources: [../base]\nimages: [{name: b, newTag: "2"}]',
      'base/kustomization.yaml': 'resources: [pod.yaml]',
      'base/pod.yaml': `${pod('b:1')}metadata: {name: b}`,
      'bad/kustomization.yaml': 'resources: [pod.yaml, gone.yaml]',
      'bad/pod.yaml': `${pod('c:1')}metadata: {name: c}`,
    });
    expect(used).toEqual(['c:1', 'b:2']);
    expect(renderErrors).toEqual([expect.stringMatching(/^bad\/kustomization.yaml:1:1 .*gone.yaml/)]);
  });
});

describe('the files beside a kustomization', async () => {
  const missing =
    (await runProgram('kustomize', ['help'])) === undefined &&
    (await runProgram('kubectl', ['help'])) === undefined;
  const named = (image: string, name: string) => `${pod(image)}metadata: {name: ${name}}\n`;

  it.skipIf(missing).each<[name: string, files: Record<string, string>, used: string[]]>([
    [
      'are read if it does not name them, at any depth',
      {
        'kustomization.yaml': 'resources: [a.yaml]',
        'a.yaml': named('a:1', 'a'),
        'b.yaml': named('b:1', 'b'),
        'sub/s.json': JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          spec: { containers: [{ image: 's:1' }] },
        }),
      },
      ['b:1', 's:1', 'a:1'],
    ],
    [
      'are not read again if it names them as resource, patch or generator',
      {
        'kustomization.yaml':
          'resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: Pod}}]\nconfigMapGenerator: [{name: m, files: [key=m.yaml]}]',
        'a.yaml': named('a:1', 'a'),
        'p.yaml': '- {op: replace, path: /spec/containers/0/image, value: "a:2"}',
        'm.yaml': pod('not-an-image:1'),
      },
      ['a:2'],
    ],
    [
      'of a base are not read again, except those that nothing names',
      {
        'prod/kustomization.yaml': 'resources: [../base]',
        'base/kustomization.yaml': 'resources: [a.yaml]',
        'base/a.yaml': named('a:1', 'a'),
        'base/extra.yaml': named('b:1', 'b'),
      },
      ['b:1', 'a:1'],
    ],
  ])('%s', async (_name, files, expected) => {
    const { used, renderErrors } = await read(files);
    expect(renderErrors).toEqual([]);
    expect(used).toEqual(expected);
  });

  it.each([
    ['a URL', 'resources: [pod.yaml, https://127.0.0.1:9/x.yaml]', 'https://127.0.0.1:9/x.yaml'],
    ['a repository', 'resources: [pod.yaml, github.com/team/app]', 'github.com/team/app'],
    ['a repository with a branch', 'resources: [pod.yaml, team/app?ref=v1]', 'team/app?ref=v1'],
    ['a repository by SSH', 'components: ["git@example.com:team/app"]', 'git@example.com:team/app'],
    ['a patch of a URL', 'patches: [{path: "http://127.0.0.1:9/p.yaml"}]', 'http://127.0.0.1:9/p.yaml'],
  ])('are read if it has %s, which is not fetched', async (_name, kustomization, remote) => {
    const { used, renderErrors } = await read({
      'kustomization.yaml': kustomization,
      'pod.yaml': pod('a:1'),
    });
    expect(used).toEqual(['a:1']);
    expect(renderErrors).toEqual([expect.stringContaining(`are not fetched: ${remote}`)]);
  });
});

describe('a chart', async () => {
  const missing = (await runProgram('helm', ['version'])) === undefined;
  const chart = (template: string) => ({ 'web/Chart.yaml': CHART, 'web/templates/web.yaml': template });

  it.skipIf(missing)('is rendered with values of any type as they are written', async () => {
    const { used } = await read({
      ...chart(pod('{{ .Values.a }}:{{ .Values.deep.b }}{{ if .Values.off }}-off{{ end }}')),
      'app.yaml': HELM_CHART.replace(
        'spec: {',
        'spec:\n  builder:\n      # why\n      a: x\n      deep: {b: "3.10"}\n      off: false\n  chart: {',
      ).replace(/chart: \{chart: (.*)\}$/m, 'chart: $1'),
    });
    expect(used).toEqual(['x:3.10']);
  });

  it.skipIf(missing).each([
    ['its name and namespace', 'releaseName: front, namespace: shop', 'front/shop:1'],
    [
      'no name that Helm would parse as an option',
      'releaseName: --debug, namespace: -x',
      'release-name/default:1',
    ],
    ['no templated name', "releaseName: 'repl{{ X }}'", 'release-name/default:1'],
  ])('is released under %s', async (_name, names, image) => {
    const { used } = await read({
      ...chart(pod('{{ .Release.Name }}/{{ .Release.Namespace }}:1')),
      'app.yaml': HELM_CHART.replace('spec: {', `spec: {${names}, `),
    });
    expect(used).toEqual([image]);
  });

  it.skipIf(missing)('of another version is another chart', async () => {
    const { used, renderErrors } = await read({
      ...chart(pod('{{ .Values.image | default "own:1" }}')),
      'app.yaml': HELM_CHART.replace('1.0.0}', '1.0.1}, builder: {image: "wrong:1"}'),
    });
    expect(used).toEqual(['own:1']);
    expect(renderErrors).toEqual([
      expect.stringMatching(/^app.yaml:3:22 chart web 1.0.1 is not in the input/),
    ]);
  });

  it.skipIf(missing)('that fails is reported with the error of helm, and read as plain YAML', async () => {
    const { used, renderErrors } = await read(chart(`${pod('a:1')}{{ fail "no such flavour" }}`));
    expect(used).toEqual(['a:1']);
    expect(renderErrors).toEqual([expect.stringMatching(/^web\/Chart.yaml:1:1 .*no such flavour/)]);
  });
});

it('an unreadable file of a folder is reported, and imageRequests throws', async () => {
  const { spec, used, parseErrors } = await read({ 'a.yaml': 'a: b: c', 'b.yaml': pod('a:1') });
  expect(used).toEqual(['a:1']);
  expect(parseErrors).toEqual([expect.stringMatching(/^a.yaml:1:4 not YAML/)]);
  expect(() => imageRequests(spec, {})).toThrow(AirgapError);
});
