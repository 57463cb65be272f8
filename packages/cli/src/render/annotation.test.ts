import type { Finding } from '@airgap/core';
import { expect, it } from 'vitest';
import { renderAnnotation } from './annotation.ts';

const finding: Finding = {
  rule: 'latest-tag',
  severity: 'error',
  message: 'a',
  hint: 'b',
  position: { file: 'app.yaml', line: 3, column: 7 },
};
const related = [{ position: { file: 'b.yaml', line: 1, column: 2 }, message: 'used here' }];

it.each<[name: string, more: Partial<Finding>, text: string]>([
  ['an error', {}, '::error file=app.yaml,line=3,col=7,title=latest-tag::a%0AFix: b'],
  ['a warning', { severity: 'warning' }, '::warning file=app.yaml,line=3,col=7,title=latest-tag::a%0AFix: b'],
  [
    'a message of several lines, colons and commas',
    { message: 'a: 1,\r\n50 %' },
    '::error file=app.yaml,line=3,col=7,title=latest-tag::a: 1,%0D%0A50 %25%0AFix: b',
  ],
  [
    'a file name with every character that a property must escape',
    { position: { file: 'a:b,c%\n.yaml', line: 3, column: 7 } },
    '::error file=a%3Ab%2Cc%25%0A.yaml,line=3,col=7,title=latest-tag::a%0AFix: b',
  ],
  [
    'a file below the folder',
    { position: { file: '/home/me/specs/a.yaml', line: 3, column: 7 } },
    '::error file=specs/a.yaml,line=3,col=7,title=latest-tag::a%0AFix: b',
  ],
  [
    'related positions',
    { related },
    '::error file=app.yaml,line=3,col=7,title=latest-tag::a%0Ab.yaml:1: used here%0AFix: b',
  ],
  [
    'an escape that would steer a terminal, and a secret',
    { message: '\u001b[31m http://u:p%40@h/' },
    '::error file=app.yaml,line=3,col=7,title=latest-tag::\\u{1b}[31m http://***@h/%0AFix: b',
  ],
  [
    'a message that looks like a command',
    { message: 'x\n::set-output name=a::b' },
    '::error file=app.yaml,line=3,col=7,title=latest-tag::x%0A::set-output name=a::b%0AFix: b',
  ],
])('an annotation of %s', (_name, more, text) =>
  expect(renderAnnotation({ ...finding, ...more }, '/home/me')).toBe(text),
);
