import { expect, it } from 'vitest';
import { loginHint } from './login-hint.ts';

it.each([
  ['me@example.com', /^Pass a user API token of me@example\.com .* or the password of that account/],
  [
    'ci',
    /^Check the service account token, .* with a user API token or the password of an account, pass the e-mail/,
  ],
  ['1vusIYZLAVxMG6q760OJmRKj5i5', /^Check the service account token/],
])('the username %s fits one kind of login', (username, hint) => {
  expect(loginHint(username, 'secret-of-mine')).toMatch(hint);
  expect(loginHint(username, 'secret-of-mine')).not.toContain('secret-of-mine');
});

it('a license ID is username and password', () =>
  expect(loginHint('1vusIYZL', '1vusIYZL')).toMatch(/^Check that the license is not expired/));
