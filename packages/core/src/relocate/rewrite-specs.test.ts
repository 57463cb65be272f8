import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ImagePath } from '../input/formats/image-path.ts';
import { parseSpec } from '../input/spec-parser.ts';
import { Reference } from '../reference/reference.ts';
import { parseTargetLocation, relocate } from '../reference/relocation.ts';
import type { RenamedImage } from './renamed-image.ts';
import { Renames } from './renames.ts';
import { rewriteSpecs } from './rewrite-specs.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const TARGET = parseTargetLocation('reg.local:5000/v');

function renamed(...names: string[]): RenamedImage[] {
  return names.map(text => {
    const name = Reference.parse(text).canonical();
    return { name, newName: relocate(name, TARGET, 'host'), digest: DIGEST };
  });
}

const IMAGES = renamed('redis:7', 'redis', 'quay.io/team/app:1', `quay.io/team/app@${DIGEST}`);
const REDIS = 'reg.local:5000/v/docker.io/library/redis:7';
const LATEST = 'reg.local:5000/v/docker.io/library/redis:latest';
const APP = 'reg.local:5000/v/quay.io/team/app:1';

function rewrite(
  text: string,
  { secret, images = IMAGES }: { secret?: string; images?: RenamedImage[] } = {},
) {
  const paths = ImagePath.all({ Parts: ['.spec.parts[*]'] });
  const spec = parseSpec([{ file: 'a.yaml', text }], paths);
  const { texts, skipped } = rewriteSpecs(spec, { renames: new Renames(images), secret });
  return { text: texts.get('a.yaml') ?? text, skipped: skipped.map(({ message }) => message) };
}

/** A pod with these containers. */
function pod(containers: string): string {
  return `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n${containers}`;
}

describe('an image reference is replaced in', () => {
  it.each([
    ['a plain value', '  - image: redis:7', `  - image: ${REDIS}`],
    ['double quotes', '  - image: "redis:7"', `  - image: "${REDIS}"`],
    ['single quotes, with a comment', "  - image: 'redis:7'  # old", `  - image: '${REDIS}'  # old`],
    [
      'a line of its own',
      '  - image: >- # long\r\n      redis:7\r\n\r\n  - image: |-\n      redis',
      `  - image: >- # long\r\n      ${REDIS}\r\n\r\n  - image: |-\n      ${LATEST}`,
    ],
    ['a name without a tag', '  - image: redis', `  - image: ${LATEST}`],
    ['a long spelling', '  - image: index.docker.io/library/redis:7', `  - image: ${REDIS}`],
    ['a flow mapping', '  - { image: redis:7, name: a }', `  - { image: ${REDIS}, name: a }`],
    ['JSON', '  - {"image":"redis:7"}', `  - {"image":"${REDIS}"}`],
    ['Windows lines', '  - image: redis:7\r\n    name: a\r\n', `  - image: ${REDIS}\r\n    name: a\r\n`],
    [
      'an anchor and its alias',
      '  - image: &a redis:7\n  - image: *a',
      `  - image: &a ${REDIS}\n  - image: ${REDIS}`,
    ],
    [
      'a merged mapping, once',
      '  - &a { image: redis:7 }\n  - { <<: *a, name: b }',
      `  - &a { image: ${REDIS} }\n  - { <<: *a, name: b }`,
    ],
    [
      'the branches of a template',
      '  - name: a\n    {{repl if x}}\n    image: redis:7\n    {{repl else}}\n    image: redis\n    {{repl end}}',
      `  - name: a\n    {{repl if x}}\n    image: ${REDIS}\n    {{repl else}}\n    image: ${LATEST}\n    {{repl end}}`,
    ],
    [
      'a name pinned besides its tag',
      `  - image: quay.io/team/app:1@${DIGEST}`,
      `  - image: reg.local:5000/v/quay.io/team/app@${DIGEST}`,
    ],
  ])('%s', (_what, before, after) => {
    expect(rewrite(pod(before))).toEqual({ text: pod(after), skipped: [] });
  });

  it.each([
    ['compose', 'services:\n  a:\n    image: redis:7\n', `services:\n  a:\n    image: ${REDIS}\n`],
    [
      'a list at a configured image path',
      'apiVersion: x/v1\nkind: Parts\nspec:\n  parts: [redis:7, "quay.io/team/app:1"]\n',
      `apiVersion: x/v1\nkind: Parts\nspec:\n  parts: [${REDIS}, "${APP}"]\n`,
    ],
    [
      'the pods next to an images: list, which is unchanged',
      `images:\n- name: redis\n  tag: 7\n---\n${pod('  - image: redis:7')}`,
      `images:\n- name: redis\n  tag: 7\n---\n${pod(`  - image: ${REDIS}`)}`,
    ],
  ])('%s', (_what, before, after) => {
    expect(rewrite(before)).toEqual({ text: after, skipped: [] });
  });

  it.each([
    ['plain', 'redis:7', '"[::1]:5000/library/redis:7"'],
    ['quoted', "'redis:7'", "'[::1]:5000/library/redis:7'"],
  ])('a %s value where the registry is an IPv6 address', (_what, before, after) => {
    const name = Reference.parse('redis:7').canonical();
    const newName = relocate(name, parseTargetLocation('[::1]:5000'), 'path');
    const { text } = rewrite(pod(`  - image: ${before}`), { images: [{ name, newName, digest: DIGEST }] });
    expect(text).toBe(pod(`  - image: ${after}`));
  });
});

describe('an image reference is skipped, and reported, when it', () => {
  it.each([
    [
      'contains a template',
      '  - image: "{{repl LocalRegistryHost}}/redis:7"',
      '{{repl LocalRegistryHost}}/redis:7 is known only after its template is rendered',
    ],
    ['was not loaded', '  - image: quay.io/other:1', 'quay.io/other:1 was not loaded'],
    ['is invalid', '  - image: Redis:7', 'Redis:7 is not an image reference'],
    [
      'is written over two lines',
      '  - image: "redis\\\n      :7"',
      'redis:7 is written in a form that cannot be edited',
    ],
  ])('%s', (_what, before, message) => {
    expect(rewrite(pod(before), { secret: 'key' })).toEqual({ text: pod(before), skipped: [message] });
  });

  it('is in a document that cannot be parsed', () => {
    const { text, skipped } = rewrite(`${pod('  - image: redis:7')}\n---\na: [`);
    expect(text).toContain(REDIS);
    expect(skipped).toEqual([expect.stringContaining('not YAML')]);
  });
});

describe('the pull secret', () => {
  const head = 'apiVersion: v1\nkind: Pod\nspec:\n';
  const containers = `  containers:\n  - image: redis:7\n`;
  const replaced = `  containers:\n  - image: ${REDIS}\n`;

  it.each([
    [
      'is added before the containers',
      `  restartPolicy: Never # why\n${containers}`,
      `  restartPolicy: Never # why\n  imagePullSecrets:\n  - name: key\n${replaced}`,
    ],
    [
      'is added before the others',
      `${containers}  imagePullSecrets:\n    # theirs\n    - name: theirs\n`,
      `${replaced}  imagePullSecrets:\n    # theirs\n    - name: key\n    - name: theirs\n`,
    ],
    [
      'is added in a flow list',
      `${containers}  imagePullSecrets: [{ name: theirs }]\n`,
      `${replaced}  imagePullSecrets: [{ name: key }, { name: theirs }]\n`,
    ],
    [
      'is added in an empty list',
      `${containers}  imagePullSecrets: []\n`,
      `${replaced}  imagePullSecrets: [{ name: key }]\n`,
    ],
    [
      'is not added twice',
      `${containers}  imagePullSecrets:\n  - name: key\n`,
      `${replaced}  imagePullSecrets:\n  - name: key\n`,
    ],
  ])('%s', (_what, before, after) => {
    expect(rewrite(head + before, { secret: 'key' })).toEqual({ text: head + after, skipped: [] });
  });

  it.each([
    [
      'JSON',
      '{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"redis:7"}]}}',
      `{"apiVersion":"v1","kind":"Pod","spec":{"imagePullSecrets": [{"name":"key"}], "containers":[{"image":"${REDIS}"}]}}`,
    ],
    [
      'a pod that two objects share, once',
      'kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Pod, spec: &a {containers: [{image: redis:7}]}}\n- {apiVersion: v1, kind: Pod, spec: *a}\n',
      `kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Pod, spec: &a {imagePullSecrets: [{ name: key }], containers: [{image: ${REDIS}}]}}\n- {apiVersion: v1, kind: Pod, spec: *a}\n`,
    ],
    [
      'a CronJob, with its line breaks',
      'apiVersion: batch/v1\r\nkind: CronJob\r\nspec:\r\n  jobTemplate:\r\n    spec:\r\n      template:\r\n        spec:\r\n          containers:\r\n          - image: redis:7\r\n',
      `apiVersion: batch/v1\r\nkind: CronJob\r\nspec:\r\n  jobTemplate:\r\n    spec:\r\n      template:\r\n        spec:\r\n          imagePullSecrets:\r\n          - name: key\r\n          containers:\r\n          - image: ${REDIS}\r\n`,
    ],
  ])('is added in %s', (_what, before, after) => {
    expect(rewrite(before, { secret: 'key' })).toEqual({ text: after, skipped: [] });
  });

  it.each([
    ['a template is part of the list', '  imagePullSecrets:\n  {{repl if x}}\n  - name: a\n  {{repl end}}\n'],
    ['the list is a template', '  imagePullSecrets: {{ .Values.secrets }}\n'],
    ['the list is an alias', '  x: &s [{ name: a }]\n  imagePullSecrets: *s\n'],
    ['the list comes from a merge key', '  <<: { imagePullSecrets: [{ name: a }] }\n'],
  ])('is skipped when %s', (_what, lines) => {
    const { text, skipped } = rewrite(head + containers + lines, { secret: 'key' });
    expect(text).toBe(head + replaced + lines);
    expect(skipped).toEqual([
      expect.stringContaining('pull secrets of Pod (unnamed) cannot be edited: add key'),
    ]);
  });

  it('is quoted when it looks like a number', () => {
    expect(rewrite(head + containers, { secret: '123' }).text).toContain('- name: "123"\n');
  });
});

describe('specs of any form', () => {
  const spelling = fc.constantFrom('redis:7', 'library/redis:7', 'docker.io/redis:7', 'quay.io/team/app:1');
  const style = fc.constantFrom(
    (image: string) => `- image: ${image}`,
    (image: string) => `- image: "${image}"   # {{ not a template`,
    (image: string) => `- {image: '${image}', name: "ä😀"}`,
    (image: string) => `- name: a\n    # remark: [\n    image:   ${image}\n    env: {{repl x}}`,
    (image: string) => `- "image" : ${image}\n    args: ["redis:7", "\\u0041"]`,
  );
  const specs = fc.record({
    containers: fc.array(fc.tuple(style, spelling), { minLength: 1, maxLength: 6 }),
    lineBreak: fc.constantFrom('\n', '\r\n'),
    end: fc.constantFrom('', '\n', '\n\n# end', '\n---\n# nothing\n'),
    list: fc.boolean(),
  });

  test.prop([specs])('differ only in the image references', ({ containers, lineBreak, end, list }) => {
    const written = (name: (image: string) => string) =>
      `${list ? 'images:\n- name: redis\n  tag: "7"\n---\n' : ''}${pod(
        containers.map(([styled, image]) => `  ${styled(name(image))}`).join('\n'),
      )}${end}`.replaceAll('\n', lineBreak);
    const newName = (image: string) => (image.includes('quay') ? APP : REDIS);
    const { text, skipped } = rewrite(written(image => image));
    expect(skipped).toEqual([]);
    expect(text).toBe(written(newName));
    const names = parseSpec([{ file: 'a.yaml', text }]).used.map(({ image }) => image.value);
    expect(names.sort()).toEqual(containers.map(([, image]) => newName(image)).sort());
  });
});
