import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { formatJson } from './json.ts';

const SECRETS = [
  'https://me:Kp7-password@registry.test/v2/',
  'https://cdn.test/blob?X-Amz-Signature=Kp7-signature&x=1',
  'Authorization: Basic Kp7QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  'Bearer Kp7eyJhbGciOiJIUzI1NiJ9.payload',
];

describe('formatJson', () => {
  const text = fc
    .array(
      fc.constantFrom(
        '://',
        'me:pass@',
        '"',
        '\\',
        '\n',
        '?token=',
        'Bearer ',
        'x'.repeat(20),
        '\u0000',
        '\u{1F600}',
        '\uD800',
        '&',
        ' ',
        'host',
        '\u2028',
      ),
      { maxLength: 12 },
    )
    .map(parts => parts.join(''));

  test.prop([fc.object({ key: text, values: [text, fc.integer(), fc.constant(null)] })])(
    'is JSON for any value',
    value => {
      for (const indent of [undefined, 2]) {
        const parsed = JSON.parse(formatJson(value, indent));
        expect(formatJson(parsed)).toBe(formatJson(value));
      }
    },
  );

  describe.each(SECRETS)('masks %s', secret => {
    it.each<[string, unknown]>([
      ['the value', secret],
      ['a field', { message: secret }],
      ['a key', { [secret]: 1 }],
      ['a list', [1, [secret]]],
      ['a field of an error', { error: { code: 'NETWORK', where: { host: secret }, hint: secret } }],
    ])('as %s', (_place, value) => {
      expect(formatJson(value)).not.toContain('Kp7');
      expect(formatJson(value, 2)).not.toContain('Kp7');
      expect(() => JSON.parse(formatJson(value))).not.toThrow();
    });
  });
});
