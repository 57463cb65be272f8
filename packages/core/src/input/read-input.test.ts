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

/** What a folder with these files says, its paths without the folder's own. */
async function read(files: Readonly<Record<string, string>>) {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  const spec = await readSpec({ specs: [folder] });
  const told = ({ where, message }: AirgapError) =>
    `${formatWhere(where)} ${message}`.replaceAll(`${folder}/`, '');
  return {
    spec,
    used: spec.used.map(({ image }) => image.value),
    unread: spec.parseErrors.map(told),
    unrendered: spec.renderErrors.map(told),
  };
}

describe('on a machine without the programs', () => {
  beforeEach(() => vi.stubEnv('PATH', folder));

  it('a chart is told of, and its templates are read as they are', async () => {
    const { used, unrendered } = await read({
      'web/Chart.yaml': CHART,
      'web/values.yaml': 'images: [a]',
      'web/templates/web.yaml': `{{- if .Values.web }}\n${pod('a:1')}{{- end }}\n---\n${pod('{{ .Values.b }}')}`,
      'app.yaml': HELM_CHART,
    });
    expect(used).toEqual(['a:1', '{{ .Values.b }}']);
    expect(unrendered).toEqual([
      'web/Chart.yaml:1:1 the chart is not rendered, and its files were read as they are: helm is not on PATH',
    ]);
  });

  it('an archive of a chart is told of', async () =>
    expect((await read({ 'web-1.0.0.tgz': '' })).unrendered).toEqual([
      'web-1.0.0.tgz:1:1 the chart is not rendered: helm is not on PATH',
    ]));

  it('a HelmChart whose chart is not here is told of at its name', async () =>
    expect((await read({ 'app.yaml': HELM_CHART })).unrendered).toEqual([
      'app.yaml:3:22 the chart web 1.0.0 is not among the input: its images are not known',
    ]));

  it('a kustomization and its bases are told of, and their files are read as they are', async () => {
    const { used, unrendered } = await read({
      'prod/kustomization.yaml': 'resources: [../base, pod.yaml]',
      'prod/pod.yaml': pod('a:1'),
      'base/kustomization.yaml': 'resources: [pod.yaml]',
      'base/pod.yaml': pod('b:1'),
    });
    expect(used).toEqual(['b:1', 'a:1']);
    expect(unrendered).toEqual([
      'prod/kustomization.yaml:1:1 the kustomization is not rendered, and its files were read as they are: ' +
        'neither kustomize nor kubectl is on PATH',
    ]);
  });

  it('a bundle is refused, unless a list says what it holds', async () => {
    const files = { 'web-1.0.0.tgz': '', 'pod.yaml': pod('a:1') };
    const { spec } = await read(files);
    expect(() => imageRequests(spec, {})).toThrow('the chart is not rendered');
    const listed = await read({ ...files, 'list.yaml': 'images:\n- name: b\n' });
    expect(imageRequests(listed.spec, {}).map(({ reference }) => `${reference}`)).toEqual([
      'docker.io/library/b:latest',
    ]);
  });
});

describe('what a kustomization builds on is rendered in it only', async () => {
  const missing =
    (await runProgram('kustomize', ['help'])) === undefined &&
    (await runProgram('kubectl', ['help'])) === undefined;

  it.skipIf(missing)('and one that fails is told of', async () => {
    const { used, unrendered } = await read({
      'good/kustomization.yaml': 'resources: [../base]\nimages: [{name: b, newTag: "2"}]',
      'base/kustomization.yaml': 'resources: [pod.yaml]',
      'base/pod.yaml': `${pod('b:1')}metadata: {name: b}`,
      'bad/kustomization.yaml': 'resources: [pod.yaml, gone.yaml]',
      'bad/pod.yaml': `${pod('c:1')}metadata: {name: c}`,
    });
    expect(used).toEqual(['c:1', 'b:2']);
    expect(unrendered).toEqual([expect.stringMatching(/^bad\/kustomization.yaml:1:1 .*gone.yaml/)]);
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
      'no name that Helm would take for an option',
      'releaseName: --debug, namespace: -x',
      'release-name/default:1',
    ],
    ['no name that only a template knows', "releaseName: 'repl{{ X }}'", 'release-name/default:1'],
  ])('is released under %s', async (_name, names, image) => {
    const { used } = await read({
      ...chart(pod('{{ .Release.Name }}/{{ .Release.Namespace }}:1')),
      'app.yaml': HELM_CHART.replace('spec: {', `spec: {${names}, `),
    });
    expect(used).toEqual([image]);
  });

  it.skipIf(missing)('of another version is another chart', async () => {
    const { used, unrendered } = await read({
      ...chart(pod('{{ .Values.image | default "own:1" }}')),
      'app.yaml': HELM_CHART.replace('1.0.0}', '1.0.1}, builder: {image: "wrong:1"}'),
    });
    expect(used).toEqual(['own:1']);
    expect(unrendered).toEqual([
      expect.stringMatching(/^app.yaml:3:22 the chart web 1.0.1 is not among the input/),
    ]);
  });

  it.skipIf(missing)('that fails is told of with what helm says, and read as it is', async () => {
    const { used, unrendered } = await read(chart(`${pod('a:1')}{{ fail "no such flavour" }}`));
    expect(used).toEqual(['a:1']);
    expect(unrendered).toEqual([expect.stringMatching(/^web\/Chart.yaml:1:1 .*no such flavour/)]);
  });
});

it('what a file of a folder hides is told of, and no bundle is built', async () => {
  const { spec, used, unread } = await read({ 'a.yaml': 'a: b: c', 'b.yaml': pod('a:1') });
  expect(used).toEqual(['a:1']);
  expect(unread).toEqual([expect.stringMatching(/^a.yaml:1:4 not YAML/)]);
  expect(() => imageRequests(spec, {})).toThrow(AirgapError);
});
