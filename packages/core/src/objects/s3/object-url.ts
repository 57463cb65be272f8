import { AirgapError } from '../../model/errors.ts';

/** An object in an object store. */
export interface ObjectUrl {
  readonly bucket: string;
  readonly key: string;
}

const SCHEME = 's3://';
/** The longest key of S3, in bytes of UTF-8. */
const MAX_KEY = 1024;

/** Whether a text names an object in an object store instead of a file. Schemes may be in upper case (RFC 3986). */
export function isObjectUrl(text: string): boolean {
  return text.slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/**
 * Parses `s3://bucket/key`. The key is taken as it is, without percent-decoding, as `aws s3 cp` does.
 *
 * @throws AirgapError `USAGE`
 */
export function parseObjectUrl(text: string): ObjectUrl {
  const [bucket = '', ...rest] = text.slice(SCHEME.length).split('/');
  const key = rest.join('/');
  const problem = isObjectUrl(text) ? problemOf(bucket, key) : 'it does not start with s3://';
  if (problem === undefined) return { bucket, key };
  throw new AirgapError('USAGE', `invalid object URL ${JSON.stringify(text.slice(0, 200))}: ${problem}`, {
    hint: 'Write it as s3://bucket/path/bundle.tar.',
  });
}

/** Formats `s3://bucket/key`. */
export function formatObjectUrl({ bucket, key }: ObjectUrl): string {
  return `${SCHEME}${bucket}/${key}`;
}

function problemOf(bucket: string, key: string): string | undefined {
  if (bucket === '') return 'the bucket is missing';
  // Access points and buckets of other stores have names that those of S3 itself do not.
  if (!/^[\w.-]{1,255}$/.test(bucket)) return 'invalid bucket name';
  if (key === '' || key.endsWith('/')) return 'the name of the object is missing';
  if (/\p{Cc}/u.test(key)) return 'the key has control characters';
  if (key.split('/').some(part => part === '.' || part === '..'))
    return 'the key has "." or ".." as a folder';
  const size = Buffer.byteLength(key);
  return size > MAX_KEY ? `the key has ${size} bytes, the limit is ${MAX_KEY}` : undefined;
}
