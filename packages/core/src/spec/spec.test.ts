import { describe, expect, it } from 'vitest';
import { formatWhere } from '../errors.ts';
import { parseSpec } from './spec.ts';

const parse = (text: string) => parseSpec([{ file: 'f', text }]);
const listed = (text: string) => parse(text).listed.map(({ name, tag }) => `${name} ${tag ?? '-'}`);
const used = (text: string) => parse(text).used.map(({ image, list }) => `${list} ${image.value}`);
const pod = (containers: string) => `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n${containers}`;

/** What could not be read, as a person sees it. */
const unread = (text: string) =>
  parse(text).unread.map(({ code, where, message }) => `${code} ${formatWhere(where)} ${message}`);

describe('a Replicated document is known by', () => {
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
  ])('and %s is none', (_name, text) => {
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

  it('knows where its parts are', () => {
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
    expect(parse(object).used).toMatchObject([{ apiVersion: 'x/v9', kind, workload: 'n', namespace: 's' }]);
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

describe('what cannot be read is told with its place:', () => {
  const nested = Array.from({ length: 8 }, (_, i) => {
    const items = Array(9).fill(`*x${i}`).join(', ');
    return `x${i + 1}: &x${i + 1} {apiVersion: v1, kind: List, items: [${items}]}`;
  });
  const bomb = `x0: &x0 {apiVersion: v1, kind: Pod}\n${nested.join('\n')}\napiVersion: v1\nkind: List\nitems: [*x8]`;
  it.each([
    ['broken YAML', 'a: 1\nb: c: d', /^INPUT f:2:4 not YAML/],
    [
      'images that are no list',
      'replicated_api_version: 2\nimages:\n  name: a',
      /^INPUT f:3:3 images: must be a list/,
    ],
    ['an entry that is no mapping', 'images:\n- redis', /^INPUT f:2:3 an image must be a mapping/],
    ['an entry without a name', 'images:\n- tag: a', /^INPUT f:2:3 an image without name/],
    ['an entry with an empty name', 'images:\n- name: ""', /^INPUT f:2:3 an image without name/],
    ['a tag that is a mapping', 'images:\n- name: a\n  tag: {b: c}', /^INPUT f:3:8 tag: must be a text/],
    [
      'a templated entry',
      'images:\n- name: a\n  tag: "{{repl X}}"',
      /^INPUT f:3:8 a template cannot stand here/,
    ],
    ['a container image that is no text', pod('  - image: [a]'), /^INPUT f:5:12 image: must be a text/],
    ['an alias without an anchor', pod('  - image: *a'), /^INPUT f:5:12 there is no anchor &a/],
    ['words', 'redis:1\nredis 2', /^INPUT f:2:1 neither/],
    ['a bomb of aliases', bomb, /^INPUT f:\d+:\d+ the aliases here expand without end/],
    ['brackets without end', '['.repeat(20_000), /^INPUT f:1:\d+ the document is nested too deeply/],
    ['too many items', `[${'a,'.repeat(2_000_000)}]`, /^INPUT f:1:\d+ the document is too large/],
  ])('%s', (_name, text, expected) => {
    expect(unread(text)).toEqual([expect.stringMatching(expected)]);
  });

  it.each(['&a\napiVersion: v1\nkind: List\nitems: [*a]', '&a\n<<: *a\nb: c'])(
    'a cycle has an end: %s',
    text => {
      expect(parse(text).used).toEqual([]);
    },
  );
});
