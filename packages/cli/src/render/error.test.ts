import { AirgapError } from '@airgap/core';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { errorObject, renderError } from './error.ts';

const PLAIN = pc.createColors(false);
const position = { file: 'app.yaml', line: 3, column: 7 };
const denied = new AirgapError('DENIED', 'access denied\u001b[2J', {
  hint: 'Log in.',
  where: { position, image: 'a/b:1', host: 'a' },
  cause: new Error('403 from https://me:secret@a/v2/'),
});

describe('renderError', () => {
  it('renders message, position, context, cause and hint, without secrets and escapes', () =>
    expect(renderError(denied, PLAIN, false)).toBe(
      [
        'app.yaml:3:7: error: access denied\\u{1b}[2J',
        '  where: a/b:1 at a',
        '  cause: 403 from https://***@a/v2/',
        '  next: Log in.',
        '',
      ].join('\n'),
    ));

  it('does not repeat a cause that the message contains', () => {
    const error = new AirgapError('INPUT', 'cannot be read: gone', { cause: new Error('gone') });
    expect(renderError(error, PLAIN, false)).toBe('error: cannot be read: gone\n');
  });

  it('renders all details, nested ones included', () => {
    const inner = new AirgapError('INPUT', 'two', { details: [new AirgapError('INPUT', 'three')] });
    const error = new AirgapError('INPUT', 'one', { details: [inner] });
    expect(renderError(error, PLAIN, false)).toBe('error: one\n\nerror: two\n\nerror: three\n');
  });

  it.each([
    [false, /^error: oops\n {2}next: this is a bug in airgap.*\n$/],
    [true, /\n {4}at /],
  ])('reports any other error as a bug; stack when debugging: %s', (debug, text) =>
    expect(renderError(new TypeError('oops'), PLAIN, debug)).toMatch(text),
  );
});

describe('errorObject', () => {
  it('has code, message, hint, where and details', () =>
    expect(errorObject(denied)).toEqual({
      code: 'DENIED',
      message: denied.message,
      hint: 'Log in.',
      where: denied.where,
      details: [],
    }));
  it('reports any other error as a bug', () =>
    expect(errorObject(new Error('x'))).toEqual({ code: 'BUG', message: 'x' }));
});
