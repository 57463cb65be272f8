import type { FoundImage } from '@airgap/core';
import { describe, expect, it } from 'vitest';
import { renderImages, renderUnknown } from './images.ts';
import { renderImagesSection } from './images-section.ts';

const at = (line: number, reason: string, file = 'a.yaml') => ({ file, line, column: 9, reason });
const image: FoundImage = {
  reference: 'docker.io/library/redis:7',
  listed: [at(2, 'images: entry')],
  used: [at(8, 'container c of Pod p'), at(9, 'x\n\u001b[2J', 'b\n.yaml')],
};

describe('the images found', () => {
  it('are one reference per line', () =>
    expect(renderImages([image], false)).toBe('docker.io/library/redis:7\n'));

  it('show where and why, each on its own line', () =>
    expect(renderImages([image], true)).toBe(
      [
        'docker.io/library/redis:7',
        '  a.yaml:2:9: images: entry',
        '  a.yaml:8:9: container c of Pod p',
        '  b\\u{a}.yaml:9:9: x\\u{a}\\u{1b}[2J',
        '',
      ].join('\n'),
    ));

  it('are a section with comments that show where and why', () =>
    expect(renderImagesSection([image], {}, true)).toBe(
      [
        'images:',
        '# a.yaml:2:9: images: entry',
        '# a.yaml:8:9: container c of Pod p',
        '# b\\u{a}.yaml:9:9: x\\u{a}\\u{1b}[2J',
        '- name: redis',
        '  source: public',
        '  tag: "7"',
        '',
      ].join('\n'),
    ));
});

it('what could not be determined has a position and a hint', () =>
  expect(
    renderUnknown({
      images: [],
      unread: [],
      templated: [{ text: '{{x}}', position: at(3, '') }],
      parseErrors: [{ message: 'not YAML: \u001b', hint: 'Fix it.', position: at(4, '') }],
      renderErrors: [{ message: 'helm is not on PATH', hint: undefined, position: at(1, '') }],
      notes: [],
    }),
  ).toBe(
    [
      'a.yaml:3:9: image name is a template: {{x}}',
      'a.yaml:4:9: not YAML: \\u{1b}',
      '  next: Fix it.',
      'a.yaml:1:9: helm is not on PATH',
      '',
    ].join('\n'),
  ));
