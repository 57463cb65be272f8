import { describe, expect, it } from 'vitest';
import { maskSecrets } from './secrets.ts';

describe('maskSecrets', () => {
  it.each([
    ['masks a password in a URL', 'https://me:pass@host/x', 'https://***@host/x'],
    ['masks a password before a host', 'not a name: "me:pass@host/x:1"', 'not a name: "***@host/x:1"'],
    ['masks a signature', 'https://s3/x?X-Amz-Signature=abc&a=1', 'https://s3/x?X-Amz-Signature=***&a=1'],
    ['masks a token', 'no use for Bearer abc.def-0123456789', 'no use for Bearer ***'],
    ['keeps a sentence', 'Basic authentication required', 'Basic authentication required'],
    ['keeps a digest', 'https://host/x@sha256:aa', 'https://host/x@sha256:aa'],
    [
      'keeps a tag and a digest',
      '"redis:7@sha256:aa", app:1@sha512:bb',
      '"redis:7@sha256:aa", app:1@sha512:bb',
    ],
    ['keeps an email address', 'me@example.com', 'me@example.com'],
  ])('%s', (_name, text, shown) => expect(maskSecrets(text)).toBe(shown));
});
