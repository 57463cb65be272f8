import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RegistrySettings } from '../input/references.ts';
import { Fixer } from '../lint/fixes/fixer.ts';
import { fixes } from '../lint/fixes/index.ts';
import { fix } from './fix.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'airgap-fix-'));
const AT: RegistrySettings = {
  app: 'shop',
  registries: { hub: 'index.docker.io', ours: 'registry.example.com/shop' },
};
const DIGEST = `sha256:${'a'.repeat(64)}`;

beforeEach(() => {
  for (const name of readdirSync(FOLDER)) rmSync(join(FOLDER, name));
});
afterAll(() => rmSync(FOLDER, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

/** Returns the text after all fixes; a second run must change nothing. */
async function fixed(text: string, locations: RegistrySettings = {}): Promise<string> {
  const path = file('app.yaml', text);
  await fix({ specs: [path], locations });
  const after = readFileSync(path, 'utf8');
  expect((await fix({ specs: [path], locations })).files).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe(after);
  return after;
}

const pod = (containers: string) => `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n${containers}`;

it('does not overwrite a file that changed while it was being fixed', async () => {
  const path = file('app.yaml', pod('  - image: a\n'));
  const { files } = Fixer.prototype;
  vi.spyOn(Fixer.prototype, 'files').mockImplementation(function (this: Fixer) {
    writeFileSync(path, 'edited: meanwhile\n');
    return files.call(this);
  });
  await expect(fix({ specs: [path] }).finally(() => vi.restoreAllMocks())).rejects.toMatchObject({
    code: 'INPUT',
    where: { path },
  });
  expect(readFileSync(path, 'utf8')).toBe('edited: meanwhile\n');
});

describe('a pull policy', () => {
  it.each([
    ['is added below the image', '  - image: a\n', '  - image: a\n    imagePullPolicy: IfNotPresent\n'],
    [
      'is added between the other keys',
      '  - name: x\n    image: a:latest # why\n    args: []\n',
      '  - name: x\n    image: a:latest # why\n    imagePullPolicy: IfNotPresent\n    args: []\n',
    ],
    [
      'is added at an end without a line break',
      '  - image: a',
      '  - image: a\n    imagePullPolicy: IfNotPresent',
    ],
    ['is added with CRLF', '  - image: a\r\n', '  - image: a\r\n    imagePullPolicy: IfNotPresent\r\n'],
    [
      'is added with the indentation of wide dashes',
      '  -   image: a\n      name: x\n',
      '  -   image: a\n      imagePullPolicy: IfNotPresent\n      name: x\n',
    ],
    ['is added in a flow mapping', '  - {image: a}\n', '  - {image: a, imagePullPolicy: IfNotPresent}\n'],
    [
      'is added in JSON',
      '  - {"image": "a", "name": "x"}\n',
      '  - {"image": "a", "imagePullPolicy": "IfNotPresent", "name": "x"}\n',
    ],
    [
      'is corrected',
      '  - image: a\n    imagePullPolicy: Always # !\n',
      '  - image: a\n    imagePullPolicy: IfNotPresent # !\n',
    ],
    [
      'is corrected within its quotes',
      "  - image: a:1\n    imagePullPolicy: 'Always'\n",
      "  - image: a:1\n    imagePullPolicy: 'IfNotPresent'\n",
    ],
    [
      'is set if empty',
      '  - imagePullPolicy:  # x\n    image: a\n',
      '  - imagePullPolicy: IfNotPresent  # x\n    image: a\n',
    ],
    [
      'replaces null',
      '  - imagePullPolicy: ~\n    image: a\n',
      '  - imagePullPolicy: IfNotPresent\n    image: a\n',
    ],
    [
      'is added in each branch of a template',
      '  - name: x\n    {{repl if X}}\n    image: a\n    {{repl else}}\n    image: b:1\n    {{repl end}}\n',
      '  - name: x\n    {{repl if X}}\n    image: a\n    imagePullPolicy: IfNotPresent\n    {{repl else}}\n    image: b:1\n    {{repl end}}\n',
    ],
    [
      'is added at the right place after templates',
      '  - args: [ "{{repl ConfigOption \\"😀\\"}}", {{repl X}} ]\n    image: a\n',
      '  - args: [ "{{repl ConfigOption \\"😀\\"}}", {{repl X}} ]\n    image: a\n    imagePullPolicy: IfNotPresent\n',
    ],
    [
      'is added once for containers that share an alias',
      '  - &c\n    image: a\n  - *c\n',
      '  - &c\n    image: a\n    imagePullPolicy: IfNotPresent\n  - *c\n',
    ],
    [
      'is added to a volume as pullPolicy',
      '  - image: b:1\n  volumes:\n  - image: {reference: a}\n',
      '  - image: b:1\n  volumes:\n  - image: {reference: a, pullPolicy: IfNotPresent}\n',
    ],
  ])('%s', async (_name, before, after) => expect(await fixed(pod(before))).toBe(pod(after)));

  it.each([
    ['that is safe', '  - image: a\n    imagePullPolicy: Never\n'],
    ['that is a template', '  - image: a\n    imagePullPolicy: {{repl X}}\n'],
    ['of a templated image', '  - image: {{repl X}}\n'],
    ['that other keys share', '  - image: a:1\n    imagePullPolicy: &p Always\n  restartPolicy: *p\n'],
    [
      'that only one branch of a template has',
      '  - image: a\n    {{repl if X}}\n    imagePullPolicy: Always\n    {{repl end}}\n',
    ],
    [
      'that differs between branches',
      '  - image: a\n    {{repl if X}}\n    imagePullPolicy: Never\n    {{repl else}}\n    imagePullPolicy: Always\n    {{repl end}}\n',
    ],
    ['of an image over several lines', '  - image: >-\n      a\n    name: x\n'],
    ['above a template comment of several lines', '  - image: a # {{/* b\n      c */}}\n    name: x\n'],
    ['with an explicit key', '  - ? image\n    : a\n'],
  ])('%s is not changed', async (_name, text) => expect(await fixed(pod(text))).toBe(pod(text)));
});

describe('an images: entry', () => {
  it.each([
    ['version: becomes tag:', '- name: a\n  version: v1 # old\n', '- name: a\n  tag: v1 # old\n'],
    [
      'version: becomes tag: within its quotes',
      '- {"name": "a", "version": "1"}\n',
      '- {"name": "a", "tag": "1"}\n',
    ],
    ['version: becomes tag: and is quoted', '- version: 3.10\n  name: a\n', '- tag: "3.10"\n  name: a\n'],
    ['a number is quoted', '- name: a\n  tag: 3.10  # x\n', '- name: a\n  tag: "3.10"  # x\n'],
    ['an exponent is quoted', '- name: a\n  tag: 1e3\n', '- name: a\n  tag: "1e3"\n'],
    ['a date is quoted', '- name: a\n  tag: 2020-01-01\n', '- name: a\n  tag: "2020-01-01"\n'],
    ['a leading zero is quoted', '- { name: a, tag: 010 }\n', '- { name: a, tag: "010" }\n'],
  ])('%s', async (_name, before, after) =>
    expect(await fixed(`images:\n${before}`)).toBe(`images:\n${after}`),
  );

  it.each([
    ['version: beside a tag', '- name: a\n  version: 1.2\n  tag: v1\n'],
    ['version: beside an empty tag', '- name: a\n  version: v2\n  tag:\n'],
    [
      'version: beside a tag that is merged',
      '- &b\n  name: a\n  tag: v1\n- <<: *b\n  name: c\n  version: v2\n',
    ],
    ['version: twice', '- name: a\n  version: v2\n  version: v3\n'],
    ['version: without a value', '- name: a\n  version:\n'],
    ['version: with a template', '- name: a\n  version: {{repl X}}\n'],
    ['a tag in quotes', "- name: a\n  tag: '3.10'\n"],
    ['a tag that every parser reads as a string', '- name: a\n  tag: 1.2.3-rc1\n'],
    ['a tag with an explicit !!str', '- name: a\n  tag: !!str 3.10\n'],
  ])('%s is not changed', async (_name, text) =>
    expect(await fixed(`images:\n${text}`)).toBe(`images:\n${text}`),
  );

  it('of the native scheduler keeps its version:', async () => {
    const text = (version: string) =>
      `replicated_api_version: 2\ncomponents:\n- containers:\n  - image_name: a\n    version: ${version}\n`;
    expect(await fixed(text('3.10'))).toBe(text('"3.10"'));
  });

  it('whose version: a component shares by alias keeps it', async () => {
    const text =
      'replicated_api_version: 2\nimages:\n- &w {name: a, image_name: a, version: v1}\ncomponents:\n- containers: [*w]\n';
    expect(await fixed(text)).toBe(text);
  });

  it('whose tag other entries share keeps its alias', async () => {
    const text = 'images:\n- name: a\n  tag: &t 3.10\n- name: b\n  tag: *t\n';
    expect(await fixed(text)).toBe(text.replace('3.10', '"3.10"'));
  });
});

describe('a missing image', () => {
  const spec = (images: string, image: string) => `images:\n${images}---\n${pod(`  - image: ${image}\n`)}`;
  const added = (source: string, name: string) =>
    `- name: x\n  tag: v1\n- source: ${source}\n  name: ${name}\n  tag: "1"\n`;

  it.each<[image: string, source: string, name: string, locations: RegistrySettings]>([
    ['a:1', 'public', 'a', {}],
    ['quay.io/t/a:1', 'public', 'quay.io/t/a', AT],
    ['a:1', 'public', 'a', AT],
    ['proxy.replicated.com/proxy/shop/index.docker.io/t/a:1', 'hub', 't/a', AT],
    ['registry.example.com/shop/a:1', 'ours', 'shop/a', AT],
    ['registry.replicated.com/shop/a:1', 'replicated', 'a', AT],
    ['quay.io/t/a:1', '"my # registry"', 't/a', { registries: { 'my # registry': 'quay.io' } }],
    ['quay.io/t/a:1', '"on"', 't/a', { registries: { on: 'quay.io' } }],
  ])('%s is listed as %s %s', async (image, source, name, locations) => {
    const list = '- name: x\n  tag: v1\n';
    expect(await fixed(spec(list, image), locations)).toBe(spec(added(source, name), image));
  });

  it.each<[why: string, image: string, locations: RegistrySettings]>([
    ['its host is unknown', 'registry.example.com/a:1', {}],
    ['its host has two names', 'quay.io/a:1', { registries: { one: 'quay.io', two: 'quay.io/t' } }],
    ['it may be private or public', 't/a:1', AT],
    ['it is proxied from a host without a name', 'proxy.replicated.com/proxy/shop/quay.io/t/a:1', {}],
    ['it belongs to another app', 'registry.replicated.com/other/a:1', AT],
    ['no app is set', 'registry.replicated.com/shop/a:1', {}],
    ['it is pinned by digest', `a:1@${DIGEST}`, {}],
    ['it is a template', '{{repl X}}', {}],
  ])('is not added when %s', async (_why, image, locations) => {
    const text = spec('- name: x\n  tag: v1\n', image);
    expect(await fixed(text, locations)).toBe(text);
  });

  it('is not added when only the path of the endpoint is missing from its listed name', async () => {
    const list = '- source: ours\n  name: a\n  tag: "1"\n';
    const text = spec(list, 'registry.example.com/shop/a:1');
    expect(await fixed(text, AT)).toBe(text);
    expect(await fixed(spec(list, 'registry.example.com/shop/a:2'), AT)).toContain('name: shop/a');
  });

  const entry = '{ source: public, name: a, tag: "1" }';
  it.each([
    ['flow mappings on lines', '  - {name: x}\n', `  - {name: x}\n  - ${entry}\n`],
    ['a flow list', '  [{name: x}, ]\n', `  [{name: x}, ${entry}, ]\n`],
    ['JSON', '  [{"name": "x"}]\n', '  [{"name": "x"}, { "source": "public", "name": "a", "tag": "1" }]\n'],
    [
      'comments of the last entry',
      '  - name: x # y\n    # z\n# next\n',
      '  - name: x # y\n    # z\n  - source: public\n    name: a\n    tag: "1"\n# next\n',
    ],
    [
      'an empty last value',
      '- name: x\n  tag:  # none\n',
      '- name: x\n  tag:  # none\n- source: public\n  name: a\n  tag: "1"\n',
    ],
    ['CRLF', '- name: x\r\n', '- name: x\r\n- source: public\r\n  name: a\r\n  tag: "1"\r\n'],
  ])('is appended to %s', async (_name, before, after) =>
    expect(await fixed(spec(before, 'a:1'))).toBe(spec(after, 'a:1')),
  );

  it.each([
    ['is in the list', '- name: x\n{{repl if X}}\n- name: y\n{{repl end}}\n'],
    ['ends after it', '- name: y\n# x\n\n{{repl end}}\n'],
    ['ends after a long comment', `- name: y\n${'# x\n'.repeat(1000)}{{repl end}}\n`],
    ['begins after it', '- name: y\n  tag: v1 # {{/* a\n  b */}}\n'],
    ['begins in its last comment', '- name: y\n  tag: v1\n  # {{/* a\n  b */}}\n'],
    ['ends in a comment', '- name: y\n# {{repl end}}\n'],
  ])('is not added to a branch of a template that %s', async (_name, list) => {
    const text = spec(list, 'a:1');
    expect(await fixed(text)).toBe(text);
  });

  it('is listed above a comment with many # characters', async () => {
    const [before, after] = ['- name: x\n  tag: v1\n', `${'# '.repeat(5000)}\n`];
    expect(await fixed(spec(before + after, 'a:1'))).toBe(spec(added('public', 'a') + after, 'a:1'));
  });

  it('is listed once, in the first list, for any number of files that use it', async () => {
    const list = file('a.yaml', 'images:\n- name: x\n  tag: v1\n');
    const uses = ['b.yaml', 'c.yaml'].map(name => file(name, pod('  - image: a:1\n')));
    const { files } = await fix({ specs: [list, ...uses] });
    expect(files).toMatchObject([{ file: list, after: `images:\n${added('public', 'a')}` }]);
  });

  it('is not added if an entry names it after version: became tag:', async () => {
    const text = spec('- name: a\n  version: v1\n', 'a:v1');
    expect(await fixed(text)).toBe(text.replace('version:', 'tag:'));
  });
});

describe('a suppressed finding', () => {
  const text = pod('  - image: a # airgap-ignore latest-tag: only in the lab\n');

  it('by comment is not fixed', async () => expect(await fixed(text)).toBe(text));

  it('by severity off is not fixed', async () => {
    const path = file('app.yaml', pod('  - image: a\n'));
    expect((await fix({ specs: [path], rules: [{ rule: 'latest-tag', severity: 'off' }] })).files).toEqual(
      [],
    );
  });

  it('with a lower severity is fixed', async () => {
    const path = file('app.yaml', pod('  - image: a\n'));
    const rules = [{ rule: 'latest-tag', severity: 'info' as const }];
    expect((await fix({ specs: [path], rules })).files).toHaveLength(1);
  });
});

describe('a file', () => {
  const text = pod('  - image: a\n');

  it('keeps its mode and its byte order mark, without temporary files beside it', async () => {
    const path = file('app.yaml', `\uFEFF${text}`);
    chmodSync(path, 0o640);
    await fix({ specs: [path] });
    expect(readFileSync(path, 'utf8')).toBe(`\uFEFF${text}    imagePullPolicy: IfNotPresent\n`);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(FOLDER)).toEqual(['app.yaml']);
  });

  it('that is a link stays a link', async () => {
    const path = file('app.yaml', text);
    symlinkSync('app.yaml', join(FOLDER, 'link.yaml'));
    await fix({ specs: [join(FOLDER, 'link.yaml')] });
    expect(readFileSync(path, 'utf8')).toContain('IfNotPresent');
    expect(readdirSync(FOLDER, { withFileTypes: true }).filter(entry => entry.isSymbolicLink())).toHaveLength(
      1,
    );
  });

  it('that is named twice is fixed once', async () => {
    const path = file('app.yaml', `images:\n- name: x\n---\n${text}`);
    const { files } = await fix({ specs: [FOLDER, path, join(FOLDER, '.', 'app.yaml')] });
    expect(files).toHaveLength(1);
  });

  it('is not written in a dry run', async () => {
    const path = file('app.yaml', text);
    const { files } = await fix({ specs: [path], dryRun: true });
    expect(files).toEqual([
      { file: path, before: text, after: `${text}    imagePullPolicy: IfNotPresent\n` },
    ]);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('has the applied fixes at original positions and the remaining findings at new positions', async () => {
    const path = file(
      'app.yaml',
      `images:\n- name: x\n  version: 1.0\n---\n${pod('  - image: a\n  - image: t/B:1\n')}`,
    );
    const { fixed, findings } = await fix({ specs: [path] });
    expect(fixed.map(({ rule, position }) => `${position.line}:${position.column} ${rule}`)).toEqual([
      '3:3 ignored-version',
      '3:12 ambiguous-tag',
      '3:15 image-not-listed',
      '9:13 latest-tag',
    ]);
    expect(findings.map(({ rule, position }) => `${position.line} ${rule}`)).toEqual([
      '2 unused-image',
      '14 invalid-image',
    ]);
  });

  it('cannot be standard input', async () =>
    expect(fix({ specs: [{ file: '<stdin>', text }] })).rejects.toMatchObject({ code: 'USAGE' }));
});

const comment = fc.constantFrom('', ' # why', ' # {{repl X}}', '  ');
const image = fc.constantFrom(
  'a',
  'a:latest',
  '"b"',
  'quay.io/t/c:2',
  "'ghcr.io/d:latest'",
  '{{repl X}}',
  'e:1',
);
const policy = fc.constantFrom('', 'Always', '"Always"', 'Never', 'IfNotPresent', '{{repl X}}');
/** Strings that look like images; no fix touches them. */
const UNREAD = 'quay.io/t/unread:1';
const args = fc.constantFrom(
  '',
  `\n    args: [--worker-image=${UNREAD}]`,
  `\n    command:\n    - -image\n    - ${UNREAD}`,
);
const parts = fc.tuple(image, policy, comment, args, fc.boolean());
const container = parts.map(([image, policy, comment, args, flow]) => {
  if (flow) return `  - { name: x, image: ${image}${policy && `, imagePullPolicy: ${policy}`} }${comment}`;
  return `  - name: x\n    image: ${image}${comment}${policy && `\n    imagePullPolicy: ${policy}${comment}`}${args}`;
});
const settings = fc.constantFrom('', `\n---\napiVersion: v1\nkind: ConfigMap\ndata: {image: "${UNREAD}"}`);
const tag = fc.constantFrom(
  '',
  '\n  tag: 3.10',
  '\n  version: 010',
  '\n  tag: "1"',
  '\n  version: v1',
  '\n  tag: v2 # x',
);
const listed = fc.tuple(fc.constantFrom('a', 'l', 'm'), tag).map(([name, tag]) => `- name: ${name}${tag}`);
const text = fc
  .tuple(
    fc.array(listed, { minLength: 1, maxLength: 3 }),
    fc.array(container, { minLength: 1, maxLength: 4 }),
    settings,
    fc.constantFrom('\n', '\r\n'),
    fc.constantFrom('', '\n', '\n\n# end\n'),
    fc.constantFrom('', '\uFEFF'),
  )
  .map(([list, containers, settings, newLine, end, mark]) => {
    const lines = `# kind: replicated\nimages:\n${list.join('\n')}\n---\n${pod(containers.join('\n'))}${settings}${end}`;
    return mark + lines.replaceAll('\n', newLine);
  });

describe('for any input', () => {
  property.prop([text])('a second time changes nothing', async text => {
    await fixed(text);
  });

  property.prop([text])('lines that were not fixed stay the same, in order', async text => {
    const path = file('app.yaml', text);
    const { fixed } = await fix({ specs: [path] });
    const touched = new Set(
      fixed.filter(({ rule }) => rule !== 'image-not-listed').map(({ position }) => position.line),
    );
    const untouched = text.split('\n').filter((_line, index) => !touched.has(index + 1));
    const after = readFileSync(path, 'utf8').split('\n');
    let at = 0;
    for (const line of untouched) {
      // At the end of a text without a final line break, an added line adds one to the previous line.
      at =
        after.findIndex(
          (other, index) => index >= at && other.replace(/\r$/, '') === line.replace(/\r$/, ''),
        ) + 1;
      expect(at).toBeGreaterThan(0);
    }
  });

  property.prop([text])('no string that only looks like an image is added', async text => {
    const path = file('app.yaml', text);
    await fix({ specs: [path] });
    const count = (of: string) => of.split(UNREAD).length;
    expect(count(readFileSync(path, 'utf8'))).toBe(count(text));
    expect(readFileSync(path, 'utf8')).not.toContain('name: quay.io/t/unread');
  });

  property.prop([text])('no finding remains for the rules with fixes', async text => {
    const { findings, sources } = await fix({ specs: [file('app.yaml', text)] });
    const remaining = findings.filter(({ rule, position }) => {
      // An unused entry needs another tag, which cannot be derived.
      const isUnusedEntry =
        rule === 'latest-tag' && !lineOf(sources[0]?.text, position.line).includes('image: ');
      return fixes.some(({ id }) => id === rule) && !isUnusedEntry;
    });
    expect(remaining).toEqual([]);
  });
});

function lineOf(text = '', line: number): string {
  return text.split('\n')[line - 1] ?? '';
}

describe('an image that is not listed is added to the list', () => {
  const list = (name: string) => `images:\n- name: example/${name}\n  tag: "1.0"\n`;
  const uses = (name: string, ...more: string[]) =>
    pod([name, ...more].map(image => `  - image: example/${image}:1.0\n`).join(''));
  const texts = async (files: Record<string, string>) => {
    const specs = Object.entries(files).map(([name, text]) => file(name, text));
    await fix({ specs });
    expect((await fix({ specs })).files).toEqual([]);
    return specs.map(path => readFileSync(path, 'utf8'));
  };
  const entry = (name: string) => `- source: public\n  name: example/${name}\n  tag: "1.0"\n`;

  it('of the file that uses it', async () =>
    expect(
      await texts({
        'a.yaml': `${list('a')}---\n${uses('a', 'only-a')}`,
        'b.yaml': `${list('b')}---\n${uses('b', 'only-b')}`,
      }),
    ).toEqual([
      `${list('a')}${entry('only-a')}---\n${uses('a', 'only-a')}`,
      `${list('b')}${entry('only-b')}---\n${uses('b', 'only-b')}`,
    ]));

  it('of the first file with a list if its own file has none', async () =>
    expect(await texts({ 'a.yaml': list('a'), 'b.yaml': list('b'), 'c.yaml': uses('a', 'b', 'c') })).toEqual([
      `${list('a')}${entry('c')}`,
      list('b'),
      uses('a', 'b', 'c'),
    ]));

  it('once, if two files use it', async () =>
    expect(
      await texts({
        'a.yaml': `${list('a')}---\n${uses('a', 'both')}`,
        'b.yaml': `${list('b')}---\n${uses('b', 'both')}`,
      }),
    ).toEqual([
      `${list('a')}${entry('both')}---\n${uses('a', 'both')}`,
      `${list('b')}---\n${uses('b', 'both')}`,
    ]));
});
