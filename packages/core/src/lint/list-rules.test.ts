import { describe, expect, it } from 'vitest';
import type { Locations } from '../spec/locate.ts';
import { parseSpec } from '../spec/spec.ts';
import { runRules } from './engine.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const AT: Locations = { app: 'shop', registries: { hub: 'index.docker.io', quay: 'quay.io/team' } };

/** What one rule finds: `file:line:column severity`. */
function found(rule: string, texts: string[], locations = AT): string[] {
  const spec = parseSpec(texts.map((text, index) => ({ file: `${index}`, text })));
  const findings = runRules(spec, locations).filter(finding => finding.rule === rule);
  return findings.map(
    ({ severity, position: { file, line, column } }) => `${file}:${line}:${column} ${severity}`,
  );
}

/** An `images:` list; each entry is flow YAML. */
const images = (...entries: string[]) => `images:\n${entries.map(entry => `- {${entry}}\n`).join('')}`;

interface Pod {
  readonly api?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly secrets?: string;
}

/** A workload with one container, its image on line 4. */
function workload(
  image: string,
  { api = 'apps/v1', kind = 'Deployment', namespace, secrets }: Pod = {},
): string {
  const metadata = `metadata: { name: web${namespace ? `, namespace: ${namespace}` : ''} }`;
  const pod = `template: { spec: { containers: [{ name: c, image: ${image} }]${secrets ? `, imagePullSecrets: ${secrets}` : ''} } }`;
  return [`apiVersion: ${api}`, `kind: ${kind}`, metadata, `spec: { ${pod} }`].join('\n');
}
const AT_IMAGE = '4:60';
/** What makes the input a Replicated one. */
const LIST = images('name: other, tag: "1"');
const PRIVATE = 'registry.replicated.com/shop/web:1';

type Case = [name: string, texts: string[], expected: string[], locations?: Locations];

const RULES: Record<string, Case[]> = {
  'unused-image': [
    ['a listed image that no spec uses', [images('name: a, tag: "1"'), workload('b:1')], ['0:2:10 warning']],
    ['one that is used by another tag', [images('name: a, tag: "1"'), workload('a:2')], ['0:2:10 warning']],
    ['not one that is used', [images('name: a, tag: "1"'), workload('a:1')], []],
    ['nothing where there are no specs', [images('name: a, tag: "1"')], []],
    ['nothing where a template may be it', [images('name: a, tag: "1"'), workload('"{{repl X}}"')], []],
  ],
  'ignored-version': [
    ['version: without a tag, which becomes latest', [images('name: a, version: "1"')], ['0:2:22 error']],
    ['version: beside a tag', [images('name: a, version: "1", tag: "2"')], ['0:2:22 warning']],
    ['not a tag', [images('name: a, tag: "1"')], []],
    [
      'not a version of the native form, where it belongs',
      ['replicated_api_version: 2\ncomponents:\n- containers:\n  - {image_name: a, version: "1"}'],
      [],
    ],
    ['one that a template makes', [images('name: a, version: "{{repl X}}"')], ['0:2:22 error']],
  ],
  'ambiguous-tag': [
    ...['3.10', '010', '1e3', '1_000', 'yes', '0x10', '2024-01-01', '12:30:45', '.5'].map(
      (tag): Case => [tag, [`images:\n- name: a\n  tag: ${tag}`], ['0:3:8 warning']],
    ),
    ...['9.4', '7', 'v1.10', '3.10-alpine', '1.2.3', 'latest', 'true', '"3.10"', "'010'"].map(
      (tag): Case => [`not ${tag}`, [`images:\n- name: a\n  tag: ${tag}`], []],
    ),
  ],
  'contradicting-source': [
    ['a host in a third-party name', [images('name: quay.io/team/a, source: quay')], ['0:2:10 error']],
    ['a namespace under replicated', [images('name: shop/a, source: replicated')], ['0:2:10 error']],
    [
      'the Replicated registry under public',
      [images('name: registry.replicated.com/shop/a')],
      ['0:2:10 error'],
    ],
    ['not a namespace in a third-party name', [images('name: team/a, source: quay')], []],
    ['not a bare name under replicated', [images('name: a, source: replicated')], []],
    ['not another host under public', [images('name: gcr.io/team/a')], []],
  ],
  'docker-hub-endpoint': [
    [
      'docker.io',
      [images('name: t/a, source: d', 'name: t/b, source: d')],
      ['0:2:23 warning'],
      { registries: { d: 'docker.io' } },
    ],
    [
      'a URL',
      [images('name: t/a, source: d')],
      ['0:2:23 warning'],
      { registries: { d: 'https://hub.docker.com' } },
    ],
    ['not index.docker.io', [images('name: t/a, source: hub')], []],
    ['not an endpoint that nobody uses', [images('name: a')], [], { registries: { d: 'docker.io' } }],
  ],
  'duplicate-image': [
    [
      'an entry that stands there twice',
      [images('name: a, tag: "1"', 'name: a, tag: "1"')],
      ['0:3:10 warning'],
    ],
    [
      'one image under two spellings',
      [images('name: t/a, tag: "1"', 'name: docker.io/t/a, tag: "1"')],
      ['0:3:10 warning'],
    ],
    [
      'one image by two sources',
      [images('name: t/a, tag: "1"', 'name: t/a, tag: "1", source: hub')],
      ['0:3:10 warning'],
    ],
    ['a line and another spelling of it', ['redis\ndocker.io/library/redis:latest'], ['0:2:1 warning']],
    ['not two tags', [images('name: a, tag: "1"', 'name: a, tag: "2"')], []],
  ],
  'name-collision': [
    [
      'two that end alike',
      [images('name: quay.io/a/worker, tag: "1"', 'name: ghcr.io/b/worker, tag: "1"')],
      ['0:3:10 warning'],
    ],
    [
      'one on the list and one in a spec',
      [images('name: a/worker, tag: "1"'), workload('b/worker:1')],
      [`1:${AT_IMAGE} warning`],
    ],
    ['not two tags', [images('name: a/worker, tag: "1"', 'name: b/worker, tag: "2"')], []],
    [
      'not one image that is listed and used',
      [images('name: a/worker, tag: "1"'), workload('a/worker:1')],
      [],
    ],
    ['not a template', [images('name: a/worker, tag: "1"'), workload('"{{repl X}}/worker:1"')], []],
  ],
  'missing-pull-secret': [
    ['a private image without the secret', [LIST, workload(PRIVATE)], [`1:${AT_IMAGE} warning`]],
    ['a third-party image without it', [LIST, workload('quay.io/team/a:1')], [`1:${AT_IMAGE} warning`]],
    [
      'a private image with another secret',
      [LIST, workload(PRIVATE, { secrets: '[{ name: mine }]' })],
      [`1:${AT_IMAGE} warning`],
    ],
    [
      'not one with the secret',
      [LIST, workload(PRIVATE, { secrets: '[{ name: replicatedregistrykey }]' })],
      [],
    ],
    [
      'not one whose secret a template names',
      [LIST, workload(PRIVATE, { secrets: '[{ name: "{{repl X}}" }]' })],
      [],
    ],
    ['not a public image', [LIST, workload('redis:1')], []],
    ['nothing without a Replicated list', [workload(PRIVATE)], []],
  ],
  'foreign-namespace': [
    [
      'a private image in a namespace of its own',
      [LIST, workload(PRIVATE, { namespace: 'mine' })],
      [`1:${AT_IMAGE} warning`],
    ],
    ['not without a namespace', [LIST, workload(PRIVATE)], []],
    ['not a public image', [LIST, workload('redis:1', { namespace: 'mine' })], []],
    [
      'not a namespace that a template names',
      [LIST, workload(PRIVATE, { namespace: "'{{repl Namespace}}'" })],
      [],
    ],
  ],
  'unrewritten-api': [
    ...['apps/v1beta1', 'apps/v1beta2', 'extensions/v1beta1'].map(
      (api): Case => [api, [workload('redis:1', { api })], [`0:${AT_IMAGE} error`]],
    ),
    ['not apps/v1', [workload('redis:1')], []],
    ['not what has no pods', ['apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: { name: a }'], []],
    [
      'one with a template in it',
      [workload('"{{repl X}}"', { api: 'apps/v1beta1' })],
      [`0:${AT_IMAGE} error`],
    ],
  ],
  'malformed-fingerprint': [
    [
      'one that is too short',
      [images('name: a, content_trust: {public_key_fingerprint: "aa:bb"}')],
      ['0:2:53 error'],
    ],
    [
      'one without colons',
      [images(`name: a, content_trust: {public_key_fingerprint: ${'ab'.repeat(16)}}`)],
      ['0:2:53 error'],
    ],
    [
      'not 16 pairs',
      [
        images(
          `name: a, content_trust: {public_key_fingerprint: "${Array.from({ length: 16 }, () => 'aB').join(':')}"}`,
        ),
      ],
      [],
    ],
    [
      'not what a template makes',
      [images('name: a, content_trust: {public_key_fingerprint: "{{repl X}}"}')],
      [],
    ],
  ],
  'templated-image': [
    ['an image that is a template', [workload('"{{repl X}}"')], [`0:${AT_IMAGE} warning`]],
    ['a tag that is a template', [workload('redis:repl{{X}}')], [`0:${AT_IMAGE} warning`]],
    ['not an image', [workload('redis:1')], []],
  ],
  'tag-and-digest': [
    ['both in a container', [workload(`redis:1@${DIGEST}`)], [`0:${AT_IMAGE} warning`]],
    ['both in a list', [`redis:1@${DIGEST}`], ['0:1:1 warning']],
    ['not a digest alone, behind a port', [workload(`registry:5000/redis@${DIGEST}`)], []],
    ['not a tag alone', [workload('redis:1')], []],
    ['not a template', [workload(`"{{repl X}}:1@${DIGEST}"`)], []],
  ],
};

describe.each(Object.entries(RULES))('%s finds', (rule, cases) => {
  it.each(cases)('%s', (_name, texts, expected, locations) => {
    expect(found(rule, texts, locations)).toEqual(expected);
  });
});
