import { describe, expect, it } from 'vitest';
import { RetryableError } from '../../http/retry.ts';
import { storeError } from './store-error.ts';

const context = {
  endpoint: new URL('https://store.example.com'),
  object: 's3://bucket/app.tar',
  secrets: [],
};
const response = (status: number, name: string, message = name) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });

describe('an error of a store', () => {
  it.each<[string, Error, string, string]>([
    [
      'of an unknown user (versitygw)',
      response(404, 'XAdminUserNotFound', 'No user exists.'),
      'DENIED',
      'cannot read: the store rejected the credentials (404 XAdminUserNotFound: No user exists.)',
    ],
    [
      'that refuses with an unknown code',
      response(400, 'QuotaExceeded'),
      'UNSUPPORTED',
      'cannot read: the store refused the request (400 QuotaExceeded)',
    ],
    [
      'that refuses without a code',
      response(405, 'Unknown'),
      'UNSUPPORTED',
      'cannot read: the store refused the request (405 Unknown)',
    ],
    [
      'that reports an unknown conflict',
      response(409, 'ConditionalRequestConflict'),
      'REGISTRY',
      'cannot read: the store returned an error (409 ConditionalRequestConflict)',
    ],
    [
      'that the SDK cannot parse',
      response(404, 'NotFound', '@aws-sdk XML parse error: mismatched tags <hr> and </body>.'),
      'NOT_FOUND',
      'cannot read: the object or its bucket does not exist (404 NotFound: the response is not XML)',
    ],
  ])('%s has words', (_case, thrown, code, message) => {
    expect(storeError('read', thrown, context)).toMatchObject({
      code,
      message,
      where: { host: 'store.example.com', path: 's3://bucket/app.tar' },
      hint: expect.stringMatching(/^[A-Z].*\.$/),
    });
  });

  it('of bytes that do not match their checksum may pass: another worker replaces the object', () => {
    const mismatch = new Error(
      'Checksum mismatch: expected "5JECl" but received "Sv1wp" in response header "x".',
    );
    const converted = storeError('read', mismatch, context);
    expect(converted).toBeInstanceOf(RetryableError);
    expect(converted).toMatchObject({
      error: { code: 'CONTENT', message: 'cannot read: the object does not match its checksum' },
    });
  });
});
