import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseSpec } from '../spec-parser.ts';
import { evaluateTemplate } from './kots-template.ts';

const OPTIONS = new Map([
  ['tag', '1.4'],
  ['db', 'embedded'],
  ['empty', ''],
]);

describe('a KOTS template is evaluated as the build sees it:', () => {
  it.each([
    ['quay.io/a:1', 'quay.io/a:1'],
    ['repl{{ LocalImageName "quay.io/a:1" }}', 'quay.io/a:1'],
    ['{{repl LocalImageName "quay.io/a:1" }}', 'quay.io/a:1'],
    ['{{repl HasLocalRegistry | ternary LocalRegistryHost "quay.io" }}/a:1', 'quay.io/a:1'],
    ['{{repl ternary LocalRegistryHost "quay.io" HasLocalRegistry}}/a:1', 'quay.io/a:1'],
    ['{{repl not HasLocalRegistry | ternary "quay.io" LocalRegistryHost}}/a:1', 'quay.io/a:1'],
    ['{{repl LocalRegistryHost | default "quay.io"}}/a:1', 'quay.io/a:1'],
    ['{{repl (LocalRegistryAddress | default "quay.io/b")}}/a:1', 'quay.io/b/a:1'],
    ['repl{{ if HasLocalRegistry }}x/repl{{ else }}quay.io/repl{{ end }}a:1', 'quay.io/a:1'],
    ['repl{{if not HasLocalRegistry}}quay.io/repl{{end}}a:1', 'quay.io/a:1'],
    [
      '{{repl if HasLocalRegistry}}{{repl Unknown}}{{repl else if ConfigOptionEquals "db" "embedded"}}a{{repl else}}b{{repl end}}:1',
      'a:1',
    ],
    [
      '{{repl if HasLocalRegistry}}{{repl if true}}x{{repl else}}y{{repl end}}{{repl else}}a:1{{repl end}}',
      'a:1',
    ],
    ['{{repl if and (eq "a" "a") (ne "a" "b")}}a:1{{repl end}}', 'a:1'],
    ['a:{{repl ConfigOption "tag"}}', 'a:1.4'],
    ['a:{{repl ConfigOption "empty" | default "2"}}', 'a:2'],
    ['{{repl printf "%s/%v:%d%%" "quay.io" "a" 1}}', 'quay.io/a:1%'],
    ['{{repl printf `%s:1` (lower "QUAY.io/A")}}', 'quay.io/a:1'],
    ['{{repl "quay.io/a-b" | replace "-" "_" | upper}}', 'QUAY.IO/A_B'],
    ['{{repl trimPrefix "v" "v1"}}{{repl trimSuffix ".0" "2.0"}}{{repl trim " x "}}', '12x'],
    ['{{- repl_not_a_function }}', undefined],
    ['{{repl- LocalRegistryHost -}}a:1', 'a:1'],
    ['{{repl "}}" }}', '}}'],
    ['{{repl coalesce LocalRegistryHost "quay.io"}}/a', 'quay.io/a'],
    ['{{repl if contains "b" "abc"}}{{repl quote "a"}}{{repl end}}', '"a"'],
  ])('%s', (text, value) => expect(evaluateTemplate(text, OPTIONS)?.value).toBe(value));

  it.each([
    '{{repl ConfigOption "other"}}',
    '{{repl ConfigOption "other" | default "x"}}',
    '{{repl if ConfigOptionEquals "other" "1"}}a{{repl else}}b{{repl end}}',
    '{{repl LicenseFieldValue "tag"}}',
    '{{repl constructor "a"}}',
    '{{repl toString.constructor "a"}}',
    '{{repl __proto__}}',
    '{{ .Values.image }}',
    '{{repl $x := "a"}}',
    '{{repl range .}}a{{repl end}}',
    '{{repl if true}}a',
    '{{repl end}}',
    '{{repl else}}',
    '{{repl printf "%05d" 1}}',
    '{{repl printf "%s"}}',
    '{{repl ("a"}}',
    '{{repl "a" "b"}}',
    '{{repl | "a"}}',
    '{{repl replace "" "aa" "b"}}',
    `{{repl ${'('.repeat(100)}"a"${')'.repeat(100)}}}`,
    'a{{',
  ])('%s is known only at installation', text => expect(evaluateTemplate(text, OPTIONS)).toBeUndefined());

  it('a value cannot grow without bound', () => {
    const grow = ' | replace "a" "aaaaaaaaaa"'.repeat(50);
    expect(evaluateTemplate(`{{repl "a"${grow}}}`, OPTIONS)).toBeUndefined();
  });

  property.prop([
    fc.array(
      fc.oneof(
        fc.string(),
        fc.constantFrom(
          '{{repl ',
          'repl{{',
          '}}',
          ' if ',
          ' else ',
          ' end ',
          '"',
          '`',
          '(',
          ')',
          '|',
          'printf',
          ' ',
        ),
      ),
      { maxLength: 40 },
    ),
  ])('no text throws', parts => {
    evaluateTemplate(parts.join(''), OPTIONS);
  });

  it.each(['{{', '"', '`', '\\', '}', '{{repl "', 'repl', '{{repl (', '{{repl if true}}'])(
    'a text of %s is read in linear time',
    piece => {
      // Exponential or cubic work would exceed the test timeout.
      evaluateTemplate(piece.repeat(4000 / piece.length), OPTIONS);
    },
  );
});

describe('an image', () => {
  const pod = (image: string) =>
    `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: c\n    image: ${image}\n`;
  const CONFIG =
    'apiVersion: kots.io/v1beta1\nkind: Config\nspec: {groups: [{items: [{name: tag, default: "1.4"}, {name: v, default: "1", value: "2"}, {name: t, default: "{{repl X}}"}]}]}\n';
  const read = (image: string) => {
    const { used, notes } = parseSpec([{ file: 'f', text: `${pod(image)}---\n${CONFIG}` }]);
    return {
      images: used.map(({ image: { value, templated } }) => `${value}${templated ? ' ?' : ''}`),
      notes: notes.map(({ message, position }) => `${position.line}:${position.column} ${message}`),
    };
  };

  it.each<[image: string, found: string, note?: string]>([
    ['\'repl{{ LocalImageName "a:1" }}\'', 'a:1'],
    [String.raw`"repl{{ LocalImageName \"a:1\" }}"`, 'a:1'],
    [
      'a:{{repl ConfigOption "tag" }}',
      'a:1.4',
      '6:12 a:1.4 depends on the KOTS option "tag": the customer may change it',
    ],
    [
      'a:{{repl ConfigOption "v" }}',
      'a:2',
      '6:12 a:2 depends on the KOTS option "v": the customer may change it',
    ],
    ['a:{{repl ConfigOption "t" }}', 'a:{{repl ConfigOption "t" }} ?'],
    ['repl{{ LocalRegistryHost }}/a:1', 'repl{{ LocalRegistryHost }}/a:1 ?'],
  ])('%s', (image, found, note) =>
    expect(read(image)).toEqual({ images: [found], notes: note === undefined ? [] : [note] }),
  );
});
