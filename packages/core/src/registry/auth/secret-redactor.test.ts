import { describe, expect, it } from 'vitest';
import { SecretRedactor } from './secret-redactor.ts';

describe('SecretRedactor', () => {
  const secrets = new SecretRedactor();
  secrets.addCredentials({ username: 'me', password: 'p/4 ss', identityToken: 'identity' });
  secrets.addCredentials({ username: 'you', password: 'p/4 ss and more' });
  secrets.addCredentials({ username: 'third', password: '' });
  secrets.addCredentials({ username: 'half', password: '\ud800 pair' });
  secrets.addToken('bearer-token');

  it.each([
    ['a password', 'the password p/4 ss of me', 'the password *** of me'],
    ['a password that begins with another', 'p/4 ss and more', '***'],
    ['a password in a URL', 'http://host/x?a=p%2F4%20ss', 'http://host/x?a=***'],
    ['a Basic credential', 'got bWU6cC80IHNz', 'got ***'],
    ['an identity token', 'no identity, none', 'no ***, none'],
    ['a token', '"bearer-token"', '"***"'],
    ['a secret that was never sent, by its form', 'https://a:b@host/', 'https://***@host/'],
    ['and nothing else', 'the user me, the host quay.io', 'the user me, the host quay.io'],
  ])('%s', (_name, text, masked) => expect(secrets.mask(text)).toBe(masked));
});
