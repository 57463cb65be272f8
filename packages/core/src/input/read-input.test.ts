import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AirgapError, formatWhere } from '../model/errors.ts';
import { readSpec } from './read-input.ts';
import type { HelmOptions } from './render/helm.ts';
import { render } from './render/renderer.ts';
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

  it('a chart is reported, and the literal images of its templates are read', async () => {
    const { used, renderErrors } = await read({
      'web/Chart.yaml': CHART,
      'web/values.yaml': 'images: [a]',
      'web/templates/web.yaml': `{{- if .Values.web }}\n${pod('a:1')}{{- end }}\n---\n${pod('{{ .Values.b }}')}`,
      'app.yaml': HELM_CHART,
    });
    expect(used).toEqual(['a:1']);
    expect(renderErrors).toEqual([
      'web/Chart.yaml:1:1 chart not rendered (only the literal images of its templates were read): helm is not on PATH',
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
    (await render('kustomize', ['help'])) === undefined && (await render('kubectl', ['help'])) === undefined;

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
    (await render('kustomize', ['help'])) === undefined && (await render('kubectl', ['help'])) === undefined;
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
  const missing = (await render('helm', ['version'])) === undefined;
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

describe('helm', async () => {
  const missing = (await render('helm', ['version'])) === undefined;

  /** Renders a chart; returns the images with their lines. */
  async function renderChart(files: Readonly<Record<string, string>>, helm: HelmOptions = {}) {
    await read({ 'web/Chart.yaml': CHART, ...files });
    const values = helm.values?.map(file => join(folder, file));
    const spec = await readSpec({ specs: [folder], helm: { ...helm, values } });
    return {
      used: spec.used.map(({ image: { value, position } }) => `${position.line} ${value}`),
      notes: spec.notes.map(({ message }) => message),
      errors: [...spec.renderErrors, ...spec.parseErrors].map(({ message, hint }) =>
        `${message}; ${hint}`.replaceAll(`${folder}/`, ''),
      ),
    };
  }

  const CONDITIONAL = `{{- if .Values.extra.enabled }}\n${pod('extra:1')}{{- end }}\n`;

  it
    .skipIf(missing)
    .each<[name: string, files: Record<string, string>, used: string[], options?: HelmOptions]>([
      [
        'a values file and --set',
        { 'web/templates/a.yaml': pod('{{ .Values.a }}:{{ .Values.b }}'), 'v.yml': 'a: x\nb: y' },
        ['5 x:2'],
        { values: ['v.yml'], set: ['b=2'] },
      ],
      [
        'a Kubernetes version and API versions',
        {
          'web/templates/a.yaml': pod(
            'a:{{ .Capabilities.KubeVersion.Minor }}{{ if .Capabilities.APIVersions.Has "x.io/v1" }}-x{{ end }}',
          ),
        },
        ['5 a:29-x'],
        { kubeVersion: '1.29.0', apiVersions: ['x.io/v1'] },
      ],
      [
        'a toggle that is off',
        { 'web/values.yaml': 'extra: {enabled: false}', 'web/templates/a.yaml': CONDITIONAL },
        [],
      ],
      [
        'a toggle that is off, with includeOptional',
        { 'web/values.yaml': 'extra: {enabled: false}', 'web/templates/a.yaml': CONDITIONAL },
        ['6 extra:1'],
        { includeOptional: true },
      ],
      [
        'toggles that exclude each other, with includeOptional',
        {
          'web/values.yaml': 'extra: {enabled: false}\nother: {enabled: false}',
          'web/templates/a.yaml': CONDITIONAL,
          'web/templates/b.yaml':
            '{{ if and .Values.extra.enabled .Values.other.enabled }}{{ fail "one only" }}{{ end }}' +
            `{{ if .Values.other.enabled }}\n${pod('other:1')}{{ end }}`,
        },
        ['6 extra:1', '6 other:1'],
        { includeOptional: true },
      ],
      [
        'an optional dependency, with includeOptional',
        {
          'web/Chart.yaml': `${CHART}dependencies: [{name: db, version: 1.0.0, condition: db.on}]`,
          'web/values.yaml': 'db: {on: false}',
          'web/charts/db/Chart.yaml': CHART.replace('web', 'db'),
          'web/charts/db/templates/d.yaml': pod('db:1'),
        },
        ['5 db:1'],
        { includeOptional: true },
      ],
      [
        'lines of templates, literal and templated, each for the image that it renders',
        {
          'web/values.yaml': 'r: quay.io/x\nt: 1',
          'web/templates/a.yaml': pod('"{{ .Values.r }}/web:{{ .Values.t }}" # x').replace(
            /$/,
            '  - image: "{{ .Values.r }}/db:{{ .Values.t }}"\n  - image: c:1\n',
          ),
        },
        ['5 quay.io/x/web:1', '6 quay.io/x/db:1', '7 c:1'],
      ],
      [
        'braces in the rendered text',
        { 'web/templates/a.yaml': `data: {{ "'{{ not a template'" }}\n---\n${pod('a:1')}` },
        ['7 a:1'],
      ],
    ])('renders %s', async (_name, files, used, options) =>
    expect(await renderChart(files, options)).toEqual({ used, notes: [], errors: [] }),
  );

  it.skipIf(missing)('names toggles that cannot be rendered', async () => {
    const { notes } = await renderChart(
      {
        'web/values.yaml': 'extra: {enabled: false}',
        'web/templates/a.yaml': '{{ if .Values.extra.enabled }}{{ fail "needs a host" }}{{ end }}',
      },
      { includeOptional: true },
    );
    expect(notes).toEqual([
      'the chart cannot be rendered with extra.enabled: images of these options are unknown',
    ]);
  });

  it.skipIf(missing)('names missing dependencies once, with the command; literal images count', async () => {
    const { used, errors } = await renderChart({
      'web/Chart.yaml': `${CHART}dependencies: [{name: common, version: 2.x.x, repository: "https://127.0.0.1:9"}]`,
      'web/templates/a.yaml': pod('a:1').replace(
        'spec:',
        'metadata:\n  labels: {{ include "x" . }}\n    b: c\nspec:',
      ),
      'web/templates/b.yaml': `${pod('{{ .Values.b }}')}  - image: 'b:1' # why\n`,
    });
    expect(used).toEqual(['8 a:1', '6 b:1']);
    expect(errors).toEqual([
      'chart not rendered (only the literal images of its templates were read): missing dependencies: common; ' +
        'Run: helm dependency build web',
    ]);
  });

  it.skipIf(missing)('does not follow a link out of the folder', async () => {
    await writeFile(join(tmpdir(), 'airgap-outside.yaml'), pod('secret:1'));
    await mkdir(join(folder, 'web/templates'), { recursive: true });
    await symlink(join(tmpdir(), 'airgap-outside.yaml'), join(folder, 'web/templates/link.yaml'));
    const { used, errors } = await renderChart({});
    await rm(join(tmpdir(), 'airgap-outside.yaml'));
    expect(used).toEqual([]);
    expect(errors).toEqual([
      expect.stringContaining('links lead out of the folder of the input: web/templates/link.yaml'),
    ]);
  });

  it.skipIf(missing)(
    'renders many charts concurrently, in order, without warnings',
    async () => {
      const warnings: Error[] = [];
      process.on('warning', warning => warnings.push(warning));
      const names = Array.from({ length: 15 }, (_, at) => `c${String(at).padStart(2, '0')}`);
      const files = names.flatMap(name => [
        [`${name}/Chart.yaml`, CHART.replace('web', name)],
        [`${name}/templates/a.yaml`, pod(`${name}:1`)],
      ]);
      const { used } = await renderChart({
        'web/templates/w.yaml': pod('web:1'),
        ...Object.fromEntries(files),
      });
      expect(used).toEqual([...names.map(name => `5 ${name}:1`), '5 web:1']);
      expect(warnings).toEqual([]);
    },
    30_000,
  );
});

it('an unreadable file of a folder is reported, and imageRequests throws', async () => {
  const { spec, used, parseErrors } = await read({ 'a.yaml': 'a: b: c', 'b.yaml': pod('a:1') });
  expect(used).toEqual(['a:1']);
  expect(parseErrors).toEqual([expect.stringMatching(/^a.yaml:1:4 not YAML/)]);
  expect(() => imageRequests(spec, {})).toThrow(AirgapError);
});
