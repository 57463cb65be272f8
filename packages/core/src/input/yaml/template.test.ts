import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { isTemplated, maskTemplates } from './template.ts';

const pieces = fc.array(
  fc.oneof(fc.string(), fc.constantFrom('{{', '}}', '{{repl X "y"}}', 'repl{{ X }}', '\n', '"', ' ', 'a: ')),
  { maxLength: 30 },
);

describe('a mask', () => {
  property.prop([pieces])('preserves every line and every column', parts => {
    const text = parts.join('');
    const masked = maskTemplates(text);
    expect(masked.split('\n').map(line => line.length)).toEqual(text.split('\n').map(line => line.length));
  });

  property.prop([fc.string().filter(text => !text.includes('{{'))])(
    'does not change text without templates',
    text => {
      expect(maskTemplates(text)).toBe(text);
    },
  );

  it.each([
    ['a value', 'replicas: {{repl ConfigOption "n"}}', true],
    ['a part of a value', 'url: http://{{repl X}}/', true],
    ['the form of KOTS', 'when: repl{{ X }}', true],
    ['a line of its own', '  {{repl if X }}', false],
    ['two on a line of their own', '{{repl else}} {{repl end}}', false],
    ['braces in a string of it', 'a: {{repl X "}} {{" }}', true],
    ['escaped quotes of the YAML around it', String.raw`a: "{{repl X \"y\" }}"`, true],
    ['an action over several lines', 'a: {{ dict\n  "b" 1 }}', true],
    ['a comment over several lines', '{{- /* it is "\n b: [ {{ x }}\n*/ -}}', false],
  ])('marks %s', (_name, text, templated) => {
    const masked = maskTemplates(text);
    expect(masked).not.toMatch(/\{\{|\}\}/);
    expect(isTemplated(masked)).toBe(templated);
  });

  it('does not begin at a stray brace in prose', () => {
    const text = '# use {{ to open\na: {b: {c: d}}\ne: 1';
    expect(maskTemplates(text)).toBe(text);
  });

  it.each(['{{', '{{"', '{{`', '{{ "{{" ', '{{/*', 'repl{{', '# {{', '{{/* */'])(
    'reads a megabyte of %s in linear time',
    piece => {
      const text = piece.repeat(2 ** 20 / piece.length);
      // Quadratic work would exceed the test timeout.
      expect(maskTemplates(text)).toHaveLength(text.length);
    },
  );
});
