import { describe, expect, it } from 'vitest';
import { SecretRedactor } from './secret-redactor.ts';

describe('secrets that were sent', () => {
  const secrets = new SecretRedactor();
  secrets.addCredentials({ username: 'me', password: 'p/4 ss', identityToken: 'identity' });
  secrets.addCredentials({ username: 'you', password: 'p/4 ss and more' });
  secrets.addCredentials({ username: 'nobody', password: '' });
  secrets.addCredentials({ username: 'half', password: '\ud800 pair' });
  secrets.addToken('bearer-token');

  it.each([
    ['a password', 'the password p/4 ss of me', 'the password *** of me'],
    ['one that begins with another', 'p/4 ss and more', '***'],
    ['one in a URL', 'http://host/x?a=p%2F4%20ss', 'http://host/x?a=***'],
    ['one as Basic has it', 'got bWU6cC80IHNz', 'got ***'],
    ['an identity token', 'no identity, none', 'no ***, none'],
    ['a token', '"bearer-token"', '"***"'],
    ['what was never sent, where it looks like one', 'https://a:b@host/', 'https://***@host/'],
    ['and nothing else', 'the user me, the host quay.io', 'the user me, the host quay.io'],
  ])('%s', (_what, text, masked) => expect(secrets.mask(text)).toBe(masked));
});
