import { AirgapError } from '../../model/errors.ts';
import { isObjectUrl } from '../s3/object-url.ts';
import { ObjectAccess } from './object-access.ts';
import type { ObjectOptions } from './object-options.ts';
import type { RangeClient } from './range-client.ts';
import { VersionedObject } from './versioned-object.ts';
import { parseWebUrl } from './web-url.ts';

/**
 * Opens a file on a web server or in an object store, with one request.
 *
 * @param text `s3://…` or `https://…`; `http://…` for loopback hosts and those of `plainHttp`
 * @throws AirgapError `USAGE` for the URL, `NOT_FOUND`, `DENIED`, `UNSUPPORTED` when the server does not serve ranges,
 * `REGISTRY`, `NETWORK`
 */
export async function openObject(text: string, options: ObjectOptions): Promise<ObjectAccess> {
  return new ObjectAccess(await VersionedObject.open(await openClient(text, options)));
}

/** Both clients are large: each is evaluated when a URL needs it. */
async function openClient(text: string, options: ObjectOptions): Promise<RangeClient> {
  if (isObjectUrl(text)) {
    const { S3Ranges } = await import('./s3-ranges.ts');
    return S3Ranges.open(text, options);
  }
  const { WebClient } = await import('./web-client.ts');
  return new WebClient(parseWebUrl(text, options.plainHttp), options);
}

/**
 * Reads a small file completely.
 *
 * @param limit in bytes
 * @returns undefined when the server does not have it, or does not say so
 * @throws AirgapError `INPUT` when it is larger, and the errors of {@link openObject}
 */
export async function readObject(
  text: string,
  limit: number,
  options: ObjectOptions,
): Promise<Buffer | undefined> {
  await using object = await openObject(text, options).catch(error => {
    // Stores answer 403 for what does not exist, to a reader that may not list.
    if (error instanceof AirgapError && ['NOT_FOUND', 'DENIED'].includes(error.code)) return undefined;
    throw error;
  });
  if (object === undefined) return undefined;
  if (object.size > limit)
    throw new AirgapError('INPUT', `the file has ${object.size} bytes, the limit is ${limit}`, {
      where: { path: object.location },
      hint: 'Check the URL.',
    });
  await object.keepStart(object.size);
  const bytes = Buffer.alloc(object.size);
  for (let at = 0; at < bytes.length; ) at += object.copy(bytes.subarray(at), at);
  return bytes;
}
