import { describe, expect, it } from 'vitest';
import type { RegistrySettings } from '../input/references.ts';
import { lint } from '../verbs/lint.ts';
import { specRules } from './rules/index.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const AT: RegistrySettings = {
  app: 'shop',
  registries: {
    hub: 'index.docker.io',
    quay: 'quay.io/team',
    d: 'docker.io',
    site: 'https://hub.docker.com',
    deep: 'https://gcr.io//my-project/sub/',
    slash: 'ghcr.io/',
    api: 'https://index.docker.io/v1/',
  },
};

/** A row whose input has a finding, is similar but has none, or contains templates. */
type Kind = 'finds' | 'near miss' | 'templates';
/** Findings are written as `file:line:column severity`; files are numbered. */
type Row = readonly [kind: Kind, name: string, texts: readonly string[], expected: readonly string[]];

/** An `images:` list; each entry is flow YAML. */
const images = (...entries: string[]) => `images:\n${entries.map(entry => `- {${entry}}\n`).join('')}`;

/** A list with one entry whose tag is written as given, on line 3. */
const tagged = (tag: string) => [`images:\n- name: a\n  tag: ${tag}`];

const component = (entry: string) =>
  `replicated_api_version: 2\ncomponents:\n- containers:\n  - {${entry}}\n`;

interface Pod {
  readonly api?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly secrets?: string;
  readonly policy?: string;
}

/** A workload with one container, its image on line 4. */
function workload(
  image: string,
  { api = 'apps/v1', kind = 'Deployment', namespace, secrets, policy }: Pod = {},
): string {
  const metadata = `metadata: { name: web${namespace ? `, namespace: ${namespace}` : ''} }`;
  const container = `{ name: c, image: ${image}${policy ? `, imagePullPolicy: ${policy}` : ''} }`;
  const pod = `template: { spec: { containers: [${container}]${secrets ? `, imagePullSecrets: ${secrets}` : ''} } }`;
  return [`apiVersion: ${api}`, `kind: ${kind}`, metadata, `spec: { ${pod} }`].join('\n');
}
/** A pod with one container, and two branches of a template below it. */
const branched = (container: string, one: string, other: string) =>
  [
    'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:\n  - args: []',
    container,
    '{{repl if X}}',
    one,
    '{{repl else}}',
    other,
    '{{repl end}}',
  ].join('\n');
/** A pod with one argument, on line 6. */
const operator = (argument: string) =>
  [
    'apiVersion: v1\nkind: Pod\nmetadata: { name: o }',
    'spec:\n  containers:',
    `  - args: ["${argument}"]\n    image: redis:1`,
  ].join('\n');
const AT_IMAGE = '4:60';
/** Makes the input a Replicated one. */
const LIST = images('name: other, tag: "1"');
const PRIVATE = 'registry.replicated.com/shop/web:1';
const PROXIED = 'proxy.replicated.com/proxy/shop/quay.io/t/a:1';
const TEMPLATE = '"{{repl X}}"';
const chart = (name: string) =>
  `apiVersion: kots.io/v1beta2\nkind: HelmChart\nmetadata: { name: web }\nspec: { chart: { name: ${name}, chartVersion: 1.0.0 } }`;
const fingerprint = (text: string) => images(`name: a, content_trust: {public_key_fingerprint: ${text}}`);

const RULES: Record<string, readonly Row[]> = {
  'latest-tag': [
    ['finds', 'a container without a tag', [workload('a')], [`0:${AT_IMAGE} error`]],
    [
      'finds',
      'an entry that is used so',
      [images('name: a'), workload('a')],
      ['0:2:10 error', `1:${AT_IMAGE} error`],
    ],
    [
      'finds',
      'a policy in the second branch of a template',
      [branched('    image: a', '    imagePullPolicy: IfNotPresent', '    imagePullPolicy: Always')],
      ['0:7:12 error'],
    ],
    [
      'near miss',
      'a policy for each image in the branches of a template',
      [
        branched(
          '    name: c',
          '    image: a:1\n    imagePullPolicy: Always',
          '    image: b\n    imagePullPolicy: IfNotPresent',
        ),
      ],
      [],
    ],
    ['near miss', 'a safe policy', [images('name: a'), workload('a', { policy: 'IfNotPresent' })], []],
    ['near miss', 'a tag that only begins so', [workload('"a:latest-1"')], []],
    ['templates', 'as the tag', [workload('"a:{{repl X}}"')], []],
    ['templates', 'as the policy', [workload('a', { policy: TEMPLATE })], []],
  ],
  'always-pull': [
    ['finds', 'Always, with any tag', [workload('"a:1"', { policy: 'Always' })], ['0:4:84 error']],
    [
      'finds',
      'Always in a second branch of containers',
      [
        branched(
          '    name: c',
          '  volumes: []',
          '  containers:\n  - image: b:2\n    imagePullPolicy: Always',
        ),
      ],
      ['0:13:22 error'],
    ],
    ['near miss', 'another policy', [workload('"a:1"', { policy: 'Never' })], []],
    ['templates', 'as the image', [workload(TEMPLATE, { policy: 'Always' })], ['0:4:91 error']],
    ['templates', 'as the policy', [workload('"a:1"', { policy: TEMPLATE })], []],
  ],
  'unknown-registry': [
    ['finds', 'a name that is not configured', [images('name: t/a, source: theirs')], ['0:2:23 error']],
    ['near miss', 'a configured name', [images('name: t/a, source: quay')], []],
    ['templates', 'as the source, which is unreadable', [images(`name: t/a, source: ${TEMPLATE}`)], []],
  ],
  'image-not-listed': [
    ['finds', 'an image that is not listed', [LIST, workload('b:1')], [`1:${AT_IMAGE} error`]],
    ['near miss', 'a listed image, spelled in full', [LIST, workload('docker.io/library/other:1')], []],
    ['templates', 'as the image', [LIST, workload(TEMPLATE)], []],
  ],
  'invalid-image': [
    ['finds', 'upper case', [workload('t/A:1')], [`0:${AT_IMAGE} error`]],
    ['finds', 'a tag in the name', [images('name: "a:1"')], ['0:2:10 error']],
    ['near miss', 'upper case in the host', [workload('A.example/t/a:1')], []],
    ['templates', 'as the image', [workload('"t/A:{{repl X}}"')], []],
  ],
  unreadable: [
    ['finds', 'invalid YAML', ['a: b: c'], ['0:1:4 error']],
    ['finds', 'a mapping for an image', [workload('{ a: b }')], [`0:${AT_IMAGE} error`]],
    ['near miss', 'YAML about something else', ['a: { b: c }'], []],
    ['templates', 'between the lines', [`{{repl if X}}\n${workload('a:1')}\n{{repl end}}`], []],
    ['templates', 'in a list, which does not support them', [images(`name: ${TEMPLATE}`)], ['0:2:10 error']],
  ],
  'not-rendered': [
    ['finds', 'a chart that is not in the input', [chart('web')], ['0:4:24 warning']],
    ['near miss', 'a HelmChart of another API', [chart('web').replace('kots.io', 'helm.cattle.io')], []],
    ['templates', 'as the name of the chart', [chart(TEMPLATE)], ['0:4:24 warning']],
  ],
  'input-note': [
    ['finds', 'a service that Compose builds', ['services: {a: {image: a, build: .}}'], ['0:1:23 info']],
    ['near miss', 'a service that is pulled', ['services: {a: {image: a}}'], []],
    ['templates', 'that are known only at installation', [workload(TEMPLATE)], []],
  ],
  'unused-image': [
    [
      'finds',
      'a listed image that no manifest uses',
      [images('name: a, tag: "1"'), workload('b:1')],
      ['0:2:10 warning'],
    ],
    [
      'finds',
      'one that is used by another tag',
      [images('name: a, tag: "1"'), workload('a:2')],
      ['0:2:10 warning'],
    ],
    [
      'finds',
      'an image that no service of Swarm uses',
      [
        images('name: a, tag: "1"', 'name: b, tag: "1"'),
        '# kind: scheduler-swarm\nservices: {x: {image: "b:1"}}',
      ],
      ['0:2:10 warning'],
    ],
    [
      'near miss',
      'one that is used through the proxy',
      [images('name: t/a, tag: "1", source: quay'), workload(PROXIED)],
      [],
    ],
    [
      'near miss',
      'one that is also used by digest',
      [images('name: a, tag: "1"'), workload(`a:1@${DIGEST}`)],
      [],
    ],
    ['near miss', 'one that is used', [images('name: a, tag: "1"'), workload('a:1')], []],
    ['near miss', 'a list without manifests', [images('name: a, tag: "1"')], []],
    ['templates', 'where one may be it', [images('name: a, tag: "1"'), workload('"{{repl X}}"')], []],
  ],
  'ignored-version': [
    [
      'finds',
      'version: without a tag, which becomes latest',
      [images('name: a, version: "1"')],
      ['0:2:22 error'],
    ],
    ['finds', 'version: beside a tag', [images('name: a, version: "1", tag: "2"')], ['0:2:22 warning']],
    ['near miss', 'a tag', [images('name: a, tag: "1"')], []],
    ['near miss', 'a version of a native component', [component('image_name: a, version: "1"')], []],
    ['templates', 'as the version', [images('name: a, version: "{{repl X}}"')], ['0:2:22 error']],
  ],
  'ambiguous-tag': [
    ...['3.10', '010', '1e3', '1_000', 'yes', '0x10', '2024-01-01', '12:30:45', '.5'].map(
      (tag): Row => ['finds', tag, tagged(tag), ['0:3:8 warning']],
    ),
    ...['9.4', '7', 'v1.10', '3.10-alpine', '1.2.3', 'latest', 'true', '"3.10"', "'010'"].map(
      (tag): Row => ['near miss', tag, tagged(tag), []],
    ),
    ['templates', 'as the tag, which is unreadable', tagged('3.1{{repl X}}'), []],
  ],
  'contradicting-source': [
    [
      'finds',
      'a host in a third-party name',
      [images('name: quay.io/team/a, source: quay')],
      ['0:2:10 error'],
    ],
    ['finds', 'a namespace under replicated', [images('name: shop/a, source: replicated')], ['0:2:10 error']],
    [
      'finds',
      'the Replicated registry under public',
      [images('name: registry.replicated.com/shop/a')],
      ['0:2:10 error'],
    ],
    ['near miss', 'a namespace in a third-party name', [images('name: team/a, source: quay')], []],
    ['near miss', 'a bare name under replicated', [images('name: a, source: replicated')], []],
    ['near miss', 'another host under public', [images('name: gcr.io/team/a')], []],
    ['templates', 'as the name, which is unreadable', [images(`name: ${TEMPLATE}, source: quay`)], []],
  ],
  'endpoint-path': [
    ['finds', 'a name without the path', [images('name: web, source: quay')], ['0:2:10 warning']],
    [
      'finds',
      'a name that only begins like it',
      [images('name: teams/web, source: quay')],
      ['0:2:10 warning'],
    ],
    [
      'finds',
      'every image of a URL with several segments',
      [images('name: a, source: deep', 'name: my-project/a, source: deep')],
      ['0:2:10 warning', '0:3:10 warning'],
    ],
    ['finds', 'a component', [component('source: quay, image_name: web, version: "1"')], ['0:4:32 warning']],
    ['near miss', 'a name that repeats the path', [images('name: team/web, source: quay')], []],
    ['near miss', 'a slash after the host', [images('name: web, source: slash')], []],
    ['near miss', 'the path of the API', [images('name: t/web, source: api')], []],
    ['near miss', 'another source', [images('name: web')], []],
    ['templates', 'as the name, which may have the path', [images(`name: ${TEMPLATE}, source: quay`)], []],
  ],
  'docker-hub-endpoint': [
    ['finds', 'docker.io', [images('name: t/a, source: d', 'name: t/b, source: d')], ['0:2:23 warning']],
    ['finds', 'a URL', [images('name: t/a, source: site')], ['0:2:23 warning']],
    ['near miss', 'index.docker.io', [images('name: t/a, source: hub')], []],
    ['near miss', 'an unused endpoint', [images('name: a')], []],
    [
      'templates',
      'in the manifests that use it',
      [images('name: t/a, source: d'), workload(TEMPLATE)],
      ['0:2:23 warning'],
    ],
  ],
  'duplicate-image': [
    [
      'finds',
      'an entry that occurs twice',
      [images('name: a, tag: "1"', 'name: a, tag: "1"')],
      ['0:3:10 warning'],
    ],
    [
      'finds',
      'one image under two spellings',
      [images('name: t/a, tag: "1"', 'name: docker.io/t/a, tag: "1"')],
      ['0:3:10 warning'],
    ],
    [
      'finds',
      'one image by two sources',
      [images('name: t/a, tag: "1"', 'name: t/a, tag: "1", source: hub')],
      ['0:3:10 warning'],
    ],
    [
      'finds',
      'a line and another spelling of it',
      ['redis\ndocker.io/library/redis:latest'],
      ['0:2:1 warning'],
    ],
    ['near miss', 'two tags', [images('name: a, tag: "1"', 'name: a, tag: "2"')], []],
    ['templates', 'that look alike', [workload(TEMPLATE), workload(TEMPLATE)], []],
  ],
  'name-collision': [
    [
      'finds',
      'two that end alike',
      [images('name: quay.io/a/worker, tag: "1"', 'name: ghcr.io/b/worker, tag: "1"')],
      ['0:3:10 warning'],
    ],
    [
      'finds',
      'one in the list and one in a manifest',
      [images('name: a/worker, tag: "1"'), workload('b/worker:1')],
      [`1:${AT_IMAGE} warning`],
    ],
    [
      'near miss',
      'two digests',
      [workload(`quay.io/a/worker@${DIGEST}`), workload(`ghcr.io/b/worker@${DIGEST}`)],
      [],
    ],
    [
      'near miss',
      'one image, listed and proxied',
      [images('name: t/a, tag: "1", source: quay'), workload(PROXIED)],
      [],
    ],
    ['near miss', 'two tags', [images('name: a/worker, tag: "1"', 'name: b/worker, tag: "2"')], []],
    [
      'near miss',
      'one image that is listed and used',
      [images('name: a/worker, tag: "1"'), workload('a/worker:1')],
      [],
    ],
    ['templates', 'as the host', [images('name: a/worker, tag: "1"'), workload('"{{repl X}}/worker:1"')], []],
  ],
  'missing-pull-secret': [
    ['finds', 'a private image without the secret', [LIST, workload(PRIVATE)], [`1:${AT_IMAGE} warning`]],
    ['finds', 'a proxied image without it', [LIST, workload(PROXIED)], [`1:${AT_IMAGE} warning`]],
    [
      'finds',
      'a third-party image without it',
      [LIST, workload('quay.io/team/a:1')],
      [`1:${AT_IMAGE} warning`],
    ],
    [
      'finds',
      'a private image with another secret',
      [LIST, workload(PRIVATE, { secrets: '[{ name: mine }]' })],
      [`1:${AT_IMAGE} warning`],
    ],
    [
      'finds',
      'every workload without a name',
      [LIST, [1, 2].map(() => workload(PRIVATE).replace('name: web', 'generateName: a')).join('\n---\n')],
      ['1:4:60 warning', '1:9:60 warning'],
    ],
    [
      'near miss',
      'one with the secret',
      [LIST, workload(PRIVATE, { secrets: '[{ name: replicatedregistrykey }]' })],
      [],
    ],
    [
      'templates',
      'as the name of the secret',
      [LIST, workload(PRIVATE, { secrets: '[{ name: "{{repl X}}" }]' })],
      [],
    ],
    ['near miss', 'a public image', [LIST, workload('redis:1')], []],
    ['near miss', 'one without a Replicated list', [workload(PRIVATE)], []],
  ],
  'foreign-namespace': [
    [
      'finds',
      'a private image in a namespace of its own',
      [LIST, workload(PRIVATE, { namespace: 'mine' })],
      [`1:${AT_IMAGE} warning`],
    ],
    ['near miss', 'without a namespace', [LIST, workload(PRIVATE)], []],
    ['near miss', 'a public image', [LIST, workload('redis:1', { namespace: 'mine' })], []],
    ['templates', 'as the namespace', [LIST, workload(PRIVATE, { namespace: "'{{repl Namespace}}'" })], []],
  ],
  'unrewritten-api': [
    ...['apps/v1beta1', 'apps/v1beta2', 'extensions/v1beta1'].map(
      (api): Row => ['finds', api, [LIST, workload('redis:1', { api })], [`1:${AT_IMAGE} error`]],
    ),
    ['near miss', 'apps/v1', [LIST, workload('redis:1')], []],
    ['near miss', 'without a Replicated list', [workload('redis:1', { api: 'apps/v1beta1' })], []],
    [
      'near miss',
      'an object without pods',
      ['apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: { name: a }'],
      [],
    ],
    [
      'templates',
      'as the image',
      [LIST, workload('"{{repl X}}"', { api: 'apps/v1beta1' })],
      [`1:${AT_IMAGE} error`],
    ],
  ],
  'malformed-fingerprint': [
    ['finds', 'one that is too short', [fingerprint('"aa:bb"')], ['0:2:53 error']],
    ['finds', 'one without colons', [fingerprint('ab'.repeat(16))], ['0:2:53 error']],
    ['near miss', '16 pairs', [fingerprint(`"${Array.from({ length: 16 }, () => 'aB').join(':')}"`)], []],
    ['templates', 'as the fingerprint', [fingerprint('"{{repl X}}"')], []],
  ],
  'unread-image': [
    ['finds', 'a full name in an argument', [operator('--x=quay.io/t/a:1')], ['0:6:17 warning']],
    ['finds', 'a short name under an image flag', [operator('--x-image=t/a:1')], ['0:6:23 info']],
    ['finds', 'one that the list lacks', [LIST, operator('--x=quay.io/t/a:1')], ['1:6:17 warning']],
    ['near miss', 'a short name under another flag', [operator('--x=t/a:1')], []],
    ['near miss', 'one that the input uses', [operator('--x=docker.io/library/redis:1')], []],
    [
      'near miss',
      'one that the list has',
      [images('name: quay.io/t/a, tag: "1"'), operator('--x=quay.io/t/a:1')],
      [],
    ],
    ['near miss', 'a taint', [operator('--x=node.kubernetes.io/down:NoExecute')], []],
    ['templates', 'as the tag', [operator('--x=quay.io/t/a:{{repl X}}')], []],
  ],
  'no-images': [
    ['finds', 'an object without images', ['apiVersion: v1\nkind: Service'], ['0:1:1 warning']],
    ['finds', 'other YAML', ['hello: world', 'a: 1'], ['0:1:1 warning']],
    ['near miss', 'an image', [workload('redis:1'), 'hello: world'], []],
    ['near miss', 'only an unread image', ['kind: A\napiVersion: v1\na: quay.io/t/a:1'], []],
    ['near miss', 'a document that cannot be read', ['a: [', ''], []],
    ['templates', 'as the image', [workload('"{{repl X}}"')], []],
  ],
  'templated-image': [
    ['finds', 'an image that is a template', [workload('"{{repl X}}"')], [`0:${AT_IMAGE} warning`]],
    ['templates', 'as the tag', [workload('redis:repl{{X}}')], [`0:${AT_IMAGE} warning`]],
    ['near miss', 'an image', [workload('redis:1')], []],
  ],
  'tag-and-digest': [
    ['finds', 'both in a container', [workload(`redis:1@${DIGEST}`)], [`0:${AT_IMAGE} info`]],
    ['finds', 'both in a list', [`redis:1@${DIGEST}`], ['0:1:1 info']],
    ['near miss', 'only a digest, after a port', [workload(`registry:5000/redis@${DIGEST}`)], []],
    ['near miss', 'a tag alone', [workload('redis:1')], []],
    ['templates', 'as the host', [workload(`"{{repl X}}:1@${DIGEST}"`)], []],
  ],
};

describe.each(Object.entries(RULES))('%s', (rule, rows) => {
  it.each(rows)('%s: %s', async (_kind, _name, texts, expected) => {
    const specs = texts.map((text, index) => ({ file: `${index}`, text }));
    const findings = (await lint({ specs, locations: AT })).findings.filter(finding => finding.rule === rule);
    expect(
      findings.map(
        ({ severity, position: { file, line, column } }) => `${file}:${line}:${column} ${severity}`,
      ),
    ).toEqual(expected);
    expect(findings.every(({ message, hint }) => message !== '' && hint !== '')).toBe(true);
  });
});

it.each(specRules)('$id has rows with a finding, a near miss, and templates', ({ id }) => {
  const kinds = new Set(RULES[id]?.map(([kind]) => kind));
  expect([...kinds].sort()).toEqual(['finds', 'near miss', 'templates']);
});
