import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openReading } from '../../input/read-input.ts';
import type { RegistrySettings } from '../../input/references.ts';
import { runRules } from '../lint-run.ts';
import { Fixer } from './fixer.ts';
import { fixes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-fixes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Applies all fixes. */
async function fixed(text: string, locations: RegistrySettings = {}): Promise<Fixer> {
  const path = join(folder, 'app.yaml');
  writeFileSync(path, text);
  const fixer = new Fixer(
    await openReading({ specs: [path] }),
    spec => runRules(spec, locations, undefined),
    locations,
  );
  for (const fix of fixes) fixer.apply(fix);
  return fixer;
}

const textOf = (fixer: Fixer) => fixer.files()[0]?.after;
const pod = (lines: string) => `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n${lines}`;
const list = (lines: string) => `replicated_api_version: v1\nimages:\n${lines}`;

describe('a fix changes', () => {
  it.each<[string, string, string, string, string]>([
    [
      'latest-tag',
      'an image with latest: it adds a pull policy',
      pod('    - name: a\n      image: quay.io/a/b:latest # x\n'),
      pod('    - name: a\n      image: quay.io/a/b:latest # x\n      imagePullPolicy: IfNotPresent\n'),
      'set imagePullPolicy: IfNotPresent',
    ],
    [
      'always-pull',
      'a policy that always pulls',
      pod('    - name: a\n      image: quay.io/a/b:1\n      imagePullPolicy: Always\n'),
      pod('    - name: a\n      image: quay.io/a/b:1\n      imagePullPolicy: IfNotPresent\n'),
      'set imagePullPolicy: IfNotPresent',
    ],
    [
      'ambiguous-tag',
      'a tag that is a number',
      list('  - source: public\n    name: redis\n    tag: 7.0\n'),
      list('  - source: public\n    name: redis\n    tag: "7.0"\n'),
      'quote the tag 7.0',
    ],
    [
      'ignored-version',
      'version to tag',
      list('  - source: public\n    name: redis\n    version: "7"\n'),
      list('  - source: public\n    name: redis\n    tag: "7"\n'),
      'rename version: to tag:',
    ],
    [
      'image-not-listed',
      'the list, to which it adds a used image',
      `${list('- source: public\n  name: redis\n  tag: "7"\n')}---\n${pod('    - name: a\n      image: quay.io/a/b:1\n')}`,
      `${list('- source: public\n  name: redis\n  tag: "7"\n- source: public\n  name: quay.io/a/b\n  tag: "1"\n')}---\n${pod('    - name: a\n      image: quay.io/a/b:1\n')}`,
      'list quay.io/a/b:1',
    ],
  ])('%s: %s', async (rule, _name, before, after, message) => {
    const fixer = await fixed(before);
    expect(textOf(fixer)).toBe(after);
    expect(fixer.fixed()).toContainEqual(expect.objectContaining({ rule, message }));
    expect(fixer.findings.filter(finding => finding.rule === rule)).toEqual([]);
    expect((await fixed(after)).files()).toEqual([]);
  });
});

it('adds a policy only to those of several containers with one image that have no safe one', async () => {
  const containers = (policy: string) =>
    pod(
      `    - name: a\n      image: &i quay.io/a/b:latest\n${policy}    - name: b\n      image: *i\n      imagePullPolicy: Never\n`,
    );
  const fixer = await fixed(containers(''));
  expect(textOf(fixer)).toBe(containers('      imagePullPolicy: IfNotPresent\n'));
});

it('leaves a safe policy that another container adds to the same image', async () => {
  const containers = (policy: string) =>
    pod(
      `    - &c\n      name: a\n      image: quay.io/a/b:latest\n${policy}    - <<: *c\n      name: b\n      imagePullPolicy: Never\n`,
    );
  const fixer = await fixed(containers(''));
  expect(textOf(fixer)).toBe(containers('      imagePullPolicy: IfNotPresent\n'));
});

describe('a fix leaves alone', () => {
  it.each<[string, string]>([
    [
      'a pull policy that is a template',
      pod('    - name: a\n      image: quay.io/a/b:latest\n      imagePullPolicy: "{{ .Values.p }}"\n'),
    ],
    [
      'a pull policy that is there twice',
      pod(
        '    - name: a\n      image: quay.io/a/b:latest\n      imagePullPolicy: Always\n      imagePullPolicy: Always\n',
      ),
    ],
    ['a tag with quotes', list('  - source: public\n    name: redis\n    tag: "7.0"\n')],
    ['a version beside a tag', list('  - source: public\n    name: redis\n    version: "7"\n    tag: "8"\n')],
    [
      'a version beside an empty tag',
      list('  - source: public\n    name: redis\n    version: "7"\n    tag:\n'),
    ],
    [
      'a list with a template in a comment between entries',
      `${list('- source: public\n  name: redis\n  tag: "7"\n# {{repl if true}}\n- source: public\n  name: x\n  tag: "1"\n# {{repl end}}\n')}---\n${pod('    - name: a\n      image: quay.io/a/b:1\n')}`,
    ],
    [
      'an unlisted image of a private registry',
      `${list('- source: public\n  name: redis\n  tag: "7"\n')}---\n${pod('    - name: a\n      image: private.test/a/b:1\n')}`,
    ],
    [
      'an unlisted image with a digest',
      `${list('- source: public\n  name: redis\n  tag: "7"\n')}---\n${pod(`    - name: a\n      image: quay.io/a/b@${DIGEST}\n`)}`,
    ],
    [
      'a list with a template in another entry',
      `${list('- source: public\n  name: redis\n  tag: "7"\n{{repl if true}}\n- source: public\n  name: x\n  tag: "1"\n{{repl end}}\n')}---\n${pod('    - name: a\n      image: quay.io/a/b:1\n')}`,
    ],
    [
      'a list with a template',
      `${list('- source: public\n  name: redis\n  tag: "{{repl x}}"\n')}---\n${pod('    - name: a\n      image: quay.io/a/b:1\n')}`,
    ],
  ])('%s', async (_name, text) => {
    const fixer = await fixed(text);
    expect([fixer.files(), fixer.fixed()]).toEqual([[], []]);
  });
});

it('fixes are in the order of the file, at their places before any fix', async () => {
  const fixer = await fixed(
    pod(
      '    - name: a\n      image: quay.io/a/b:latest\n    - name: b\n      image: quay.io/a/c:1\n      imagePullPolicy: Always\n    - name: c\n      image: quay.io/a/d:latest\n',
    ),
  );
  expect(fixer.fixed().map(({ rule, position }) => `${rule} ${position.line}`)).toEqual([
    'latest-tag 6',
    'always-pull 9',
    'latest-tag 11',
  ]);
});
