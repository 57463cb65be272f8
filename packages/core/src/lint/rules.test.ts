import { describe, expect, it } from 'vitest';
import type { RegistrySettings } from '../input/references.ts';
import { parseSpec } from '../input/spec-parser.ts';
import type { Finding } from '../model/finding.ts';
import { runRules } from './lint-run.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const AT: RegistrySettings = { app: 'shop', registries: { hub: 'index.docker.io' } };

/** The rules tested in this file; findings of others are ignored. */
const OURS = ['latest-tag', 'always-pull', 'unknown-registry', 'image-not-listed', 'invalid-image'];

function run(texts: string[], locations = AT): Finding[] {
  const spec = parseSpec(texts.map((text, index) => ({ file: `${index}`, text })));
  return runRules(spec, locations).filter(({ rule }) => OURS.includes(rule));
}

function found(texts: string[], locations = AT): string[] {
  return run(texts, locations).map(
    ({ rule, severity, position: { file, line, column } }) => `${file}:${line}:${column} ${severity} ${rule}`,
  );
}

/** A pod with one container, its image on line 5 and its policy on line 6. */
function pod(image: string, policy?: string, list = 'containers'): string {
  const lines = ['apiVersion: v1', 'kind: Pod', 'spec:', `  ${list}:`, `  - image: ${image}`];
  return [...lines, ...(policy === undefined ? [] : [`    imagePullPolicy: ${policy}`])].join('\n');
}

const entry = (name: string, tag?: string, source = 'public') =>
  `images:\n- source: ${source}\n  name: ${name}${tag === undefined ? '' : `\n  tag: ${tag}`}`;

describe('latest-tag, in a container', () => {
  const error = ['0:5:12 error latest-tag'];
  it.each([
    ['a', undefined, error],
    ['a:latest', undefined, error],
    ['a', 'Always', error],
    ['a:latest', 'Always', error],
    ['registry:5000/a', undefined, error],
    ['a', 'IfNotPresent', []],
    ['a:latest', 'Never', []],
    ['a:1', undefined, []],
    ['a:latest-1', undefined, []],
    [`a@${DIGEST}`, undefined, []],
    [`a:latest@${DIGEST}`, undefined, []],
    ['"{{repl X}}"', undefined, []],
    ['a', '"{{repl X}}"', []],
  ])('%s with imagePullPolicy %s', (image, policy, expected) => {
    expect(found([pod(image, policy)])).toEqual(expected);
  });

  it.each(['initContainers', 'ephemeralContainers'])('of %s', list => {
    expect(found([pod('a', undefined, list)])).toEqual(error);
  });
});

describe('latest-tag, in a list', () => {
  const unused = 'warning latest-tag';
  const locate = { app: undefined };
  it.each<[name: string, texts: string[], expected: string[], locations?: RegistrySettings]>([
    ['not used', [entry('a', 'latest')], [`0:4:8 ${unused}`]],
    ['without a tag, not used', [entry('a')], [`0:3:9 ${unused}`]],
    ['of a text list', ['b:1\na'], [`0:2:1 ${unused}`]],
    ['used safely', [entry('a', 'latest'), pod('a', 'Never'), pod('a:latest', 'IfNotPresent')], []],
    [
      'used unsafely',
      [entry('a', 'latest'), pod('a')],
      ['0:4:8 error latest-tag', '1:5:12 error latest-tag'],
    ],
    [
      'used safely and unsafely',
      [entry('a'), pod('a', 'Never'), pod('a', 'Always')],
      ['0:3:9 error latest-tag', '2:5:12 error latest-tag'],
    ],
    ['by its other name', [entry('t/a', 'latest', 'hub'), pod('index.docker.io/t/a', 'Never')], []],
    [
      'of an unknown app',
      [entry('a', 'latest', 'replicated'), pod('registry.replicated.com/x/a', 'Never')],
      [],
      locate,
    ],
    [
      'of Swarm, because the list may also be used with Kubernetes',
      ['images:\n- name: a\n---\n# kind: scheduler-swarm\nservices: {x: {image: a}}'],
      ['0:2:9 warning latest-tag'],
    ],
    [
      'beside native components',
      ['replicated_api_version: 2\nimages: [{name: a}]\ncomponents:\n- containers: [{image_name: b}]'],
      ['0:2:17 warning latest-tag'],
    ],
    ['not latest', [entry('a', 'latest-1')], []],
    ['native', ['replicated_api_version: 2\ncomponents:\n- containers:\n  - image_name: a'], []],
  ])('%s', (_name, texts, expected, locations = AT) => {
    expect(found(texts, locations)).toEqual(expected);
  });

  it('names the containers', () => {
    const [finding] = run([entry('a'), pod('a', 'Never'), pod('a')]);
    expect(finding?.related).toMatchObject([{ position: { file: '2', line: 5, column: 12 } }]);
  });

  it('an unknown registry matches by name and tag', () => {
    const findings = found([entry('t/a', 'latest', 'theirs'), pod('quay.io/t/a', 'Never')]);
    expect(findings).toEqual(['0:2:11 error unknown-registry']);
  });
});

describe('always-pull', () => {
  it.each([
    ['a:1', 'Always', ['0:6:22 error always-pull']],
    [`a@${DIGEST}`, 'Always', ['0:6:22 error always-pull']],
    ['"{{repl X}}"', 'Always', ['0:6:22 error always-pull']],
    ['a:1', 'IfNotPresent', []],
    ['a:1', undefined, []],
  ])('%s with imagePullPolicy %s', (image, policy, expected) => {
    expect(found([pod(image, policy)])).toEqual(expected);
  });
});

describe('unknown-registry', () => {
  it.each<[source: string, locations: RegistrySettings, expected: string[]]>([
    ['theirs', AT, ['0:2:11 error unknown-registry']],
    ['toString', AT, ['0:2:11 error unknown-registry']],
    ['hub', AT, []],
    ['public', {}, []],
    ['replicated', {}, []],
  ])('%s', (source, locations, expected) => {
    expect(found([entry('t/a', '1', source)], locations)).toEqual(expected);
  });
});

describe('image-not-listed', () => {
  const missing = ['1:5:12 error image-not-listed'];
  it.each<[name: string, texts: string[], expected: string[]]>([
    ['an image that is not listed', [entry('a', '1'), pod('b:1')], missing],
    ['another tag', [entry('a', '1'), pod('a:2')], missing],
    ['from a text list', ['a:1', pod('b:1')], missing],
    [
      'a Swarm service',
      ['a:1', '# kind: scheduler-swarm\nservices:\n  x:\n    image: b:1'],
      ['1:4:12 error image-not-listed'],
    ],
    ['one beside an empty list', ['replicated_api_version: 2\nimages: []', pod('b:1')], missing],
    ['one beside a list without a value', ['# kind: replicated\nimages:', pod('b:1')], missing],
    ['one beside a document without a list', ['# kind: replicated\nname: a', pod('b:1')], missing],
    [
      'a listed tag, also pinned by digest',
      [entry('a', '1'), pod(`a:1@${DIGEST}`)],
      ['1:5:12 warning image-not-listed'],
    ],
    [
      'a proxied image whose source is listed',
      [entry('t/a', '1', 'hub'), pod('proxy.replicated.com/proxy/shop/index.docker.io/t/a:1')],
      [],
    ],
    ['one beside values with an empty list', ['images: []', pod('b:1')], []],
    [
      'one beside native components, which are the list',
      ['replicated_api_version: 2\ncomponents:\n- containers:\n  - image_name: a', pod('b:1')],
      [],
    ],
    ['a listed image', [entry('a', '1'), pod('docker.io/library/a:1')], []],
    ['a template', [entry('a', '1'), pod('"{{repl X}}"')], []],
    ['no list at all', ['x: 1', pod('b:1')], []],
  ])('%s', (_name, texts, expected) => {
    expect(found(texts)).toEqual(expected);
  });

  it.each([
    ['b:1', '{ source: public, name: b, tag: "1" }'],
    ['quay.io/t/b:1', '{ source: public, name: quay.io/t/b, tag: "1" }'],
    ['proxy.replicated.com/proxy/shop/quay.io/t/b:1', '{ source: quay.io, name: t/b, tag: "1" }'],
    ['registry.replicated.com/shop/b:1', '{ source: replicated, name: b, tag: "1" }'],
  ])('suggests the entry for %s', (image, expected) => {
    expect(run([entry('a', '1'), pod(image)], { app: 'shop' })[0]?.hint).toContain(expected);
  });

  const domains = { app: 'shop', registryDomain: 'images.shop.test', proxyDomain: 'proxy.shop.test' };
  it.each([
    ['images.shop.test/shop/a:1', 'replicated', {}],
    ['registry.replicated.com/shop/a:1', 'replicated', {}],
    ['proxy.shop.test/proxy/shop/quay.io/a:1', 'quay', { registries: { quay: 'quay.io' } }],
  ])("takes %s for the image in the vendor's own domains", (image, source, more) => {
    const locations = { ...domains, ...more };
    expect(run([entry('a', '1', source), pod(image)], locations).map(({ rule }) => rule)).not.toContain(
      'image-not-listed',
    );
    expect(run([entry('other', '1', source), pod(image)], locations)[0]?.hint).toContain(`source: ${source}`);
  });

  it('suggests source: public for an official image, regardless of the configuration', () => {
    expect(run([entry('a', '1'), pod('b:1')])[0]?.hint).toContain('{ source: public, name: b, tag: "1" }');
  });

  it('suggests the entry of a configured registry', () => {
    expect(run([entry('a', '1'), pod('t/b:1')])[0]?.hint).toContain('{ source: hub, name: t/b, tag: "1" }');
  });
});

describe('invalid-image', () => {
  it.each<[name: string, texts: string[], expected: string[]]>([
    ['a tag in the name', [entry('a:1')], ['0:3:9 error invalid-image']],
    ['upper case in a list', [entry('t/A', '1')], ['0:3:9 error invalid-image']],
    ['upper case in a container', [pod('t/A:1')], ['0:5:12 error invalid-image']],
    ['a valid name', [entry('a', '1')], []],
  ])('%s', (_name, texts, expected) => {
    expect(found(texts)).toEqual(expected);
  });

  it('does not report a missing app', () => {
    expect(found([entry('a', '1', 'replicated')], {})).toEqual([]);
  });
});

it('findings are sorted by file, line and column, each with a hint', () => {
  const findings = run([pod('b'), entry('a'), pod('c:1', 'Always')]);
  const places = findings.map(({ position: { file, line } }) => `${file}:${line}`);
  expect(places).toEqual(['0:5', '0:5', '1:3', '2:5', '2:6']);
  expect(findings.every(({ hint }) => hint !== '')).toBe(true);
});

it('findings of one line are sorted by column, regardless of their rule', () => {
  const text = '{apiVersion: v1, kind: Pod, spec: {containers: [{image: "b:1", imagePullPolicy: Always}]}}';
  expect(run([entry('a', '1'), text]).map(({ rule }) => rule)).toEqual(['image-not-listed', 'always-pull']);
});
