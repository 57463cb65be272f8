import { describe, expect, it } from 'vitest';
import { maskSecrets } from './secrets.ts';

describe('maskSecrets', () => {
  it.each([
    ['a password in a URL', 'https://me:pass@host/x', 'https://***@host/x'],
    ['a signature', 'https://s3/x?X-Amz-Signature=abc&a=1', 'https://s3/x?X-Amz-Signature=***&a=1'],
    ['a token', 'no use for Bearer abc.def-0123456789', 'no use for Bearer ***'],
    ['a sentence stays', 'Basic authentication required', 'Basic authentication required'],
    ['a digest stays', 'https://host/x@sha256:aa', 'https://host/x@sha256:aa'],
    ['an address stays', 'me@example.com', 'me@example.com'],
  ])('%s', (_name, text, shown) => expect(maskSecrets(text)).toBe(shown));
});
