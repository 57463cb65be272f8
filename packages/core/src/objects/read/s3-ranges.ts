import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { ResponseHead } from '../../http/round-trip.ts';
import type { AirgapError, ErrorContext } from '../../model/errors.ts';
import type { Sink } from '../../store/blob-writer.ts';
import { type OnEvent, withTime } from '../../store/events.ts';
import { ObjectStore } from '../s3/object-store.ts';
import { emptyFile, replaced } from './object-error.ts';
import type { ObjectOptions } from './object-options.ts';
import type { AttemptOptions, GetRange, RangeClient, RangeRequest } from './range-client.ts';

/** An error of the SDK, as far as it is used. */
interface SdkError {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Requests for ranges of an object in a store that speaks S3. */
export class S3Ranges implements RangeClient {
  readonly where: ErrorContext;
  readonly onEvent: OnEvent | undefined;
  readonly #store: ObjectStore;

  private constructor(store: ObjectStore, onEvent: OnEvent | undefined) {
    this.#store = store;
    this.onEvent = onEvent;
    this.where = { host: store.host, path: store.location };
  }

  /** Sends no request. @param text `s3://bucket/key` @throws AirgapError `USAGE`, `INPUT` for invalid settings */
  static async open(text: string, options: ObjectOptions): Promise<S3Ranges> {
    return new S3Ranges(await ObjectStore.open(text, options), withTime(options.onEvent));
  }

  get location(): string {
    return this.#store.location;
  }

  run(attempt: (get: GetRange) => Promise<void>, { progress, signal }: AttemptOptions): Promise<void> {
    return this.#store.run(
      'read the object',
      (client, { abortSignal }) => {
        const ended = signal === undefined ? abortSignal : AbortSignal.any([abortSignal, signal]);
        return attempt((request, accept) => this.#get(client, request, accept, ended));
      },
      { progress },
    );
  }

  async #get(
    client: S3Client,
    { range, etag, hasStarted }: RangeRequest,
    accept: (head: ResponseHead) => Sink,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const { bucket, key } = this.#store.url;
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${range.start}-${range.end - 1}`,
      ...(etag === undefined ? {} : { IfMatch: etag }),
    });
    const response = await client.send(command, { abortSignal }).catch(error => {
      throw this.#changed(error, hasStarted) ?? error;
    });
    const sink = accept(headOf(response));
    for await (const chunk of response.Body as AsyncIterable<Uint8Array>) await sink.write(chunk);
  }

  /** The error for a response that says that the object has other bytes than before; undefined for others. */
  #changed({ $metadata }: SdkError, hasStarted: boolean): AirgapError | undefined {
    const status = $metadata?.httpStatusCode;
    if (status === 412) return replaced(this.where, 'its ETag has changed');
    if (status === 416) return hasStarted ? replaced(this.where, 'it is shorter') : emptyFile(this.where);
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

/** The head as a web server sends it. */
function headOf({ ContentRange, ContentEncoding, ETag, LastModified }: GetObjectCommandOutput): ResponseHead {
  return {
    status: 206,
    headers: {
      'content-range': ContentRange,
      'content-encoding': ContentEncoding,
      etag: ETag,
      'last-modified': LastModified?.toUTCString(),
    },
  };
}
