import { describe, expect, it } from 'vitest';
import { formatObjectUrl, isObjectUrl, parseObjectUrl } from './object-url.ts';

describe('parseObjectUrl', () => {
  it.each([
    ['s3://bucket/app.tar', 'bucket', 'app.tar'],
    ['s3://my.bucket-1/a/b c/%20/app.tar', 'my.bucket-1', 'a/b c/%20/app.tar'],
    ['s3://bucket//app.tar', 'bucket', '/app.tar'],
    ['s3://bucket/ä.tar', 'bucket', 'ä.tar'],
  ])('reads %s, and formats it again', (text, bucket, key) => {
    expect(parseObjectUrl(text)).toEqual({ bucket, key });
    expect(formatObjectUrl({ bucket, key })).toBe(text);
  });

  it('accepts the scheme in upper case', () => {
    expect(parseObjectUrl('S3://Bucket/App.tar')).toEqual({ bucket: 'Bucket', key: 'App.tar' });
  });

  it.each([
    ['s3://', 'the bucket is missing'],
    ['s3:///app.tar', 'the bucket is missing'],
    ['s3://bucket', 'the name of the object is missing'],
    ['s3://bucket/', 'the name of the object is missing'],
    ['s3://bucket/folder/', 'the name of the object is missing'],
    ['s3://user:secret@bucket/app.tar', 'invalid bucket name'],
    ['s3://bucket/a/../app.tar', 'the key has "." or ".." as a folder'],
    ['s3://bucket/a\u0000b', 'the key has control characters'],
    [`s3://bucket/${'ä'.repeat(513)}`, 'the key has 1026 bytes, the limit is 1024'],
    ['https://bucket/app.tar', 'it does not start with s3://'],
  ])('rejects %j', (text, reason) => {
    expect(() => parseObjectUrl(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(reason) }),
    );
  });
});

it('tells objects from files', () => {
  expect(isObjectUrl('s3://bucket/app.tar')).toBe(true);
  expect(isObjectUrl('S3://bucket/app.tar')).toBe(true);
  expect(isObjectUrl('./s3:/bucket/app.tar')).toBe(false);
});
