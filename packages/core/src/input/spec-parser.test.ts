import { describe, expect, it } from 'vitest';
import { formatWhere } from '../model/errors.ts';
import { parseSpec } from './spec-parser.ts';

const parse = (text: string) => parseSpec([{ file: 'f', text }]);
const listed = (text: string) => parse(text).listed.map(({ name, tag }) => `${name} ${tag ?? '-'}`);
const used = (text: string) => parse(text).used.map(({ image, field }) => `${field} ${image.value}`);
const pod = (containers: string) => `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n${containers}`;

/** The parse errors, formatted. */
const parseErrors = (text: string) =>
  parse(text).parseErrors.map(({ code, where, message }) => `${code} ${formatWhere(where)} ${message}`);

describe('a Replicated document is recognised by', () => {
  it.each([
    ['its API version', 'replicated_api_version: 2.8.0\nimages:\n- name: redis'],
    ['its comment, without a marker', '# kind: replicated\nkind: x\nimages:\n- name: redis'],
    ['its comment, after a marker', '---\n# kind: replicated\nkind: x\nimages:\n- name: redis'],
    [
      'its comment among others',
      '# a\n---\n# b\n\n# kind: replicated\n# c\n\nkind: x\nimages:\n- name: redis',
    ],
    ['its list', 'images:\n- name: redis'],
  ])('%s', (_name, text) => {
    expect(listed(text)).toEqual(['redis -']);
  });

  it.each([
    ['the values of a Helm chart', 'images:\n  repository: redis'],
    [
      'a kustomization',
      'apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\nimages:\n- name: redis',
    ],
    ['comments only', '# kind: replicated\n'],
    ['nothing', ''],
  ])('but not %s', (_name, text) => {
    expect(listed(text)).toEqual([]);
  });
});

describe('a listed image', () => {
  it.each(['3.10', '010', '1e3', '0x1F', 'true', '1_0', '"1.20"', "'9.4'"])('keeps the tag %s', tag => {
    expect(listed(`images:\n- name: a\n  tag: ${tag}`)).toEqual([`a ${tag.replace(/['"]/g, '')}`]);
  });

  it.each(['tag:', 'tag: null', 'tag: ~', 'tag: ""', 'version: 3'])('has no tag with %s', line => {
    expect(listed(`images:\n- name: a\n  ${line}`)).toEqual(['a -']);
  });

  it('is read beside invalid entries, each of which is an error', () => {
    const text = 'images:\n- {name: a, tag: [1]}\n- {name: redis, tag: "1"}\n- {tag: "2"}\n- b\n';
    expect(listed(text)).toEqual(['redis 1']);
    expect(parseErrors(text)).toHaveLength(3);
  });

  it('has the positions of its fields', () => {
    const [image] = parse('images:\n- source: hub\n  name: a\n  tag: "1"').listed;
    expect(image).toMatchObject({
      form: 'images',
      position: { line: 3, column: 9 },
      sourcePosition: { line: 2, column: 11 },
      tagPosition: { line: 4, column: 8 },
    });
  });
});

describe('a used image is found', () => {
  const template = 'template: {spec: {containers: [{image: a}]}}';
  it.each([
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job'].map(kind => [
      kind,
      `spec: {${template}}`,
    ]),
    ['CronJob', `spec: {jobTemplate: {spec: {${template}}}}`],
    ['Pod', 'spec: {containers: [{image: a}]}'],
    ['PodTemplate', template],
  ])('in a %s of any version, alone or in a List', (kind, rest) => {
    const object = `{apiVersion: x/v9, kind: ${kind}, metadata: {name: n, namespace: s}, ${rest}}`;
    expect(parse(object).used).toMatchObject([{ apiVersion: 'x/v9', kind, name: 'n', namespace: 's' }]);
    expect(used(`{apiVersion: v1, kind: List, items: [${object}, ${object}]}`)).toHaveLength(2);
  });

  it('in every list of containers, and in volumes', () => {
    const lists = 'initContainers: [{image: b}], ephemeralContainers: [{image: c}], containers: [{image: a}]';
    const text = `{apiVersion: v1, kind: Pod, spec: {${lists}, volumes: [{image: {reference: d}}, {emptyDir: {}}]}}`;
    expect(used(text)).toEqual(['containers a', 'initContainers b', 'ephemeralContainers c', 'volumes d']);
  });

  it.each([
    ['behind an alias', pod('  - image: &x a:1\n  - image: *x'), ['a:1', 'a:1']],
    ['behind a merge key', `x: &x {image: a:1}\n${pod('  - <<: *x\n    name: b')}`, ['a:1']],
    [
      'in both branches of a template',
      pod('  - name: x\n{{if}}\n    image: a\n{{else}}\n    image: b\n{{end}}'),
      ['a', 'b'],
    ],
    ['with Windows line ends', pod('  - image: a:1').replaceAll('\n', '\r\n'), ['a:1']],
  ])('%s', (_name, text, images) => {
    expect(parse(text).used.map(({ image }) => image.value)).toEqual(images);
  });

  it.each(['x/{{repl X}}:1', '"x/{{repl X}}:1"', "'x/{{repl X}}:1'"])('as a template: %s', image => {
    const [found] = parse(pod(`  - image: ${image}`)).used;
    expect(found?.image).toMatchObject({
      value: 'x/{{repl X}}:1',
      templated: true,
      position: { line: 5, column: 12 },
    });
  });

  it('in the services of a Swarm document, with or without a marker', () => {
    const swarm = '# kind: scheduler-swarm\nservices:\n  a:\n    image: b:1';
    expect(used(swarm)).toEqual(['services b:1']);
    expect(used(`---\n${swarm}`)).toEqual(['services b:1']);
  });
});

describe('KOTS', () => {
  const application = (spec: string, rest = '') =>
    `apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: shop}\nspec: {${spec}}\n---\n${rest}`;

  it('adds images', () =>
    expect(parse(application('additionalImages: ["a:1", "b/{{repl X}}:1"]')).used).toMatchObject([
      { field: 'additionalImages', kind: 'Application', name: 'shop', image: { value: 'a:1' } },
      { image: { value: 'b/{{repl X}}:1', templated: true } },
    ]));

  it.each([
    ['as it is written', 'b:1', ['a:1']],
    ['in another spelling', 'docker.io/library/b:1', ['a:1']],
    ['but not with another tag', 'b:2', ['a:1', 'b:1']],
    ['even an additional image', 'a:1', ['b:1']],
  ])('excludes an image %s', (_name, excluded, expected) => {
    const text = application(
      `additionalImages: ["a:1"], excludedImages: ["${excluded}"]`,
      pod('  - image: b:1'),
    );
    expect(parse(text).used.map(({ image }) => image.value)).toEqual(expected);
  });

  it('ignores the Application of another API group', () =>
    expect(used('apiVersion: app.k8s.io/v1beta1\nkind: Application\nspec: {additionalImages: [a]}')).toEqual(
      [],
    ));
});

describe("Troubleshoot's collectors", () => {
  const collector = '[{clusterInfo: {}}, {run: {image: "a:1", imagePullPolicy: Always}}]';
  it.each([
    ['troubleshoot.sh/v1beta2', 'SupportBundle', 'collectors'],
    ['troubleshoot.sh/v1beta2', 'Preflight', 'collectors'],
    ['troubleshoot.replicated.com/v1beta1', 'Collector', 'collectors'],
    ['troubleshoot.sh/v1beta2', 'SupportBundle', 'hostCollectors'],
    ['troubleshoot.sh/v1beta2', 'RemoteCollector', 'collectors'],
  ])('run an image in %s %s %s', (apiVersion, kind, list) =>
    expect(
      parse(`apiVersion: ${apiVersion}\nkind: ${kind}\nspec: {${list}: ${collector}}`).used,
    ).toMatchObject([
      {
        field: 'collectors',
        container: 'run',
        kind,
        image: { value: 'a:1' },
        pullPolicies: [{ value: 'Always' }],
      },
    ]),
  );

  it('run the containers of a pod', () => {
    const collectors = '[{runPod: {podSpec: {containers: [{image: a}], initContainers: [{image: b}]}}}]';
    const text = `apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\nspec: {collectors: ${collectors}}`;
    expect(used(text)).toEqual(['containers a', 'initContainers b']);
  });

  it('are read for that API group only', () =>
    expect(used(`apiVersion: x/v1\nkind: SupportBundle\nspec: {collectors: ${collector}}`)).toEqual([]));
});

describe('both branches of a template are read', () => {
  const branches = (key: string, ...values: string[]) => values.map(value => `  ${key}: ${value}\n`).join('');
  it.each([
    ['Pod', 'containers', '[{image: a}]', '[{image: b}]', ['containers a', 'containers b']],
    [
      'Deployment',
      'template',
      '{spec: {containers: [{image: a}]}}',
      '{spec: {initContainers: [{image: b}]}}',
      ['containers a', 'initContainers b'],
    ],
    ['Pod', 'volumes', '[{image: {reference: a}}]', '[{image: {reference: b}}]', ['volumes a', 'volumes b']],
  ])('of %s %s', (kind, key, one, other, expected) =>
    expect(used(`apiVersion: v1\nkind: ${kind}\nspec:\n${branches(key, one, other)}`)).toEqual(expected),
  );

  it('and the first mapping of a merge key that has a key wins', () => {
    const merged = 'a: &a {containers: [{image: a}]}\nb: &b {containers: [{image: b}]}\n';
    expect(used(`${merged}apiVersion: v1\nkind: Pod\nspec:\n  <<: [*a, *b]\n`)).toEqual(['containers a']);
  });
});

describe('a compose file', () => {
  it.each([
    ['images of services', 'services: {a: {image: "b:1"}, c: {image: d}}', ['services b:1', 'services d']],
    ['none of a service with build:', 'services: {a: {build: .}, c: {image: d}}', ['services d']],
    ['an image behind a merge key', 'x-a: &a {image: b}\nservices: {a: {<<: *a}}', ['services b']],
    ['none in a Kubernetes object', 'kind: X\nservices: {a: {image: b}}', []],
    ['none in other services', 'services: {a: {url: b}}', []],
    ['none in a list of services', 'services: [{image: b}]', []],
  ])('has %s', (_name, text, expected) => expect(used(text)).toEqual(expected));

  it.each([
    ['$', '{TAG}', true],
    ['$', '{TAG:-1}', false],
    ['$', 'TAG', true],
    ['$$', '{TAG}', false],
    ['', '1', false],
  ])('treats environment variables as templates: a:%s%s', (dollars, tag, templated) =>
    expect(parse(`services: {a: {image: "a:${dollars}${tag}"}}`).used[0]?.image.templated).toBe(templated),
  );
});

describe('the rest of an unreadable input is read:', () => {
  it.each([
    [
      'documents around one that is not YAML',
      `${pod('  - image: a')}\n---\nb: c: d\n---\n${pod('  - image: e')}`,
    ],
    [
      'objects of a List around a wrong one',
      `{apiVersion: v1, kind: List, items: [${['a', '[b]', 'e']
        .map(image => `{apiVersion: v1, kind: Pod, spec: {containers: [{image: ${image}}]}}`)
        .join(', ')}]}`,
    ],
    ['documents after one with an unknown tag', `!x {a: b}\n---\n${pod('  - image: a\n  - image: e')}`],
    ['documents beside plain words', `words\n---\n${pod('  - image: a\n  - image: e')}`],
  ])('%s', (_name, text) => expect(used(text)).toEqual(['containers a', 'containers e']));
});

describe('unreadable input is an error with its position:', () => {
  const nested = Array.from({ length: 8 }, (_, i) => {
    const items = Array(9).fill(`*x${i}`).join(', ');
    return `x${i + 1}: &x${i + 1} {apiVersion: v1, kind: List, items: [${items}]}`;
  });
  const bomb = `x0: &x0 {apiVersion: v1, kind: Pod}\n${nested.join('\n')}\napiVersion: v1\nkind: List\nitems: [*x8]`;
  it.each([
    ['broken YAML', 'a: 1\nb: c: d', /^INPUT f:2:4 not YAML/],
    [
      'images that are not a list',
      'replicated_api_version: 2\nimages:\n  name: a',
      /^INPUT f:3:3 images: must be a list/,
    ],
    ['an entry that is not a mapping', 'images:\n- redis', /^INPUT f:2:3 image entry must be a mapping/],
    ['an entry without a name', 'images:\n- tag: a', /^INPUT f:2:3 image entry without name/],
    ['an entry with an empty name', 'images:\n- name: ""', /^INPUT f:2:3 image entry without name/],
    ['a tag that is a mapping', 'images:\n- name: a\n  tag: {b: c}', /^INPUT f:3:8 tag: must be a string/],
    [
      'a templated entry',
      'images:\n- name: a\n  tag: "{{repl X}}"',
      /^INPUT f:3:8 templates are not supported here/,
    ],
    [
      'a container image that is not a string',
      pod('  - image: [a]'),
      /^INPUT f:5:12 image: must be a string/,
    ],
    [
      'an alias without an anchor',
      pod('  - image: *a'),
      /^INPUT f:5:12 undefined alias \*a: no anchor &a before it/,
    ],
    ['words', 'redis:1\nredis 2', /^INPUT f:2:1 neither/],
    ['a line of a list without its tag', 'redis:1\n# c\n  nginx:\nb:1', /^INPUT f:3:3 neither/],
    ['a line of a list like YAML', 'redis:1\nnginx: 1\nb:1', /^INPUT f:2:1 neither/],
    ['a line of a list with a bracket', 'redis:1\nb:1\n[a', /^INPUT f:3:1 neither/],
    ['a list after a heading', 'images\n---\nredis:1\na: b: c\nb:1', /^INPUT f:2:1 neither/],
    ['YAML with a few words', 'a: 1\nb\n  c\nd: [1', /^INPUT f:4:4 not YAML/],
    ['a bomb of aliases', bomb, /^INPUT f:\d+:\d+ too many alias expansions/],
    ['brackets without end', '['.repeat(20_000), /^INPUT f:1:\d+ the document is nested too deeply/],
    ['too many items', `[${'a,'.repeat(2_000_000)}]`, /^INPUT f:1:\d+ the document is too large/],
  ])('%s', (_name, text, expected) => {
    expect(parseErrors(text)).toEqual([expect.stringMatching(expected)]);
  });

  it.each(['&a\napiVersion: v1\nkind: List\nitems: [*a]', '&a\n<<: *a\nb: c'])(
    'a cycle of aliases ends: %s',
    text => {
      expect(parse(text).used).toEqual([]);
    },
  );
});
