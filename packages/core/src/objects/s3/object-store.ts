import { setMaxListeners } from 'node:events';
import { S3Client } from '@aws-sdk/client-s3';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import type { Dispatcher } from 'undici';
import { type ConnectionOptions, openConnections } from '../../http/connections.ts';
import { withCopiedChunks } from '../../http/copied-chunks.ts';
import { HostLimiter } from '../../http/host-limiter.ts';
import { type RetryOptions, withRetries } from '../../http/retry.ts';
import { traced } from '../../http/trace.ts';
import { AirgapError } from '../../model/errors.ts';
import { maskSecrets } from '../../model/secrets.ts';
import { type OnTimedEvent, withTime } from '../../store/events.ts';
import { formatObjectUrl, type ObjectUrl, parseObjectUrl } from './object-url.ts';
import { withCheckedDocuments } from './store-documents.ts';
import { storeError } from './store-error.ts';

export interface ObjectStoreOptions extends ConnectionOptions {
  /** The maximum of concurrent requests; lower while the store throttles. Default 24. */
  readonly concurrency?: number | undefined;
  /** Report every request as an event. */
  readonly trace?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** Without one, the SDK warns on stderr when a body breaks off. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** How a request is retried and reported. */
export interface RunOptions extends Pick<RetryOptions, 'progress'> {
  /** The key of the object, if it is not that of the URL. */
  readonly key?: string | undefined;
}

const DEFAULT_CONCURRENCY = 24;
/** The region of stores that have none, and the one that knows the regions of all buckets of AWS. */
const DEFAULT_REGION = 'us-east-1';
/** Chunks of a body are joined to this size, in bytes: S3 accepts no chunk with a checksum below 8 KiB. */
const STREAM_BUFFER = 64 * 1024;

/**
 * The client of one object in an object store that speaks S3. Credentials, region and endpoint come from the usual
 * places of the AWS SDK: the environment, `~/.aws`, the roles of containers and machines.
 *
 * The SDK is large: import this module with `import()`, and only when an object URL is named.
 */
export class ObjectStore implements AsyncDisposable {
  readonly url: ObjectUrl;
  /** `s3://bucket/key`. */
  readonly location: string;
  /**
   * Whether the store is sent no checksums of its own choice, so that the MD5 of what it received, its ETag, is compared
   * instead. Many stores beside AWS do not support the trailers that carry checksums.
   */
  readonly comparesMd5: boolean;
  readonly #endpoint: URL;
  readonly #client: S3Client;
  readonly #dispatcher: Dispatcher;
  readonly #limiter: HostLimiter;
  readonly #options: ObjectStoreOptions;
  readonly #closed = new AbortController();
  readonly #signal: AbortSignal;
  /** Follows the signal. It has a reason of its own: the SDK appends to the messages of errors. */
  readonly #ended: AbortSignal;

  private constructor(url: ObjectUrl, settings: StoreSettings, options: ObjectStoreOptions) {
    const { region, endpoint, requestChecksumCalculation } = settings;
    this.url = url;
    this.location = formatObjectUrl(url);
    this.comparesMd5 = requestChecksumCalculation === 'WHEN_REQUIRED';
    this.#endpoint = new URL(endpoint ?? `https://${url.bucket}.s3.${region}.amazonaws.com`);
    this.#options = options;
    this.#limiter = new HostLimiter(options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#dispatcher = openDispatcher(options);
    this.#signal = AbortSignal.any([this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    // Every request adds a listener, which is not a leak.
    const ended = new AbortController();
    this.#ended = ended.signal;
    this.#signal.addEventListener('abort', () => ended.abort());
    if (this.#signal.aborted) ended.abort();
    setMaxListeners(0, this.#signal, this.#ended);
    this.#client = new S3Client({
      region,
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      followRegionRedirects: true,
      // Requests are retried here: by the same rules as those to registries, bodies included.
      maxAttempts: 1,
      logger: SILENT,
      requestChecksumCalculation,
      requestStreamBufferSize: STREAM_BUFFER,
      requestHandler: new UndiciHttpHandler({ dispatcher: this.#dispatcher }),
    });
  }

  /** Reads the settings; sends no request. @throws AirgapError `USAGE` for the URL, `INPUT` for invalid settings */
  static async open(location: string, options: ObjectStoreOptions = {}): Promise<ObjectStore> {
    const url = parseObjectUrl(location);
    return new ObjectStore(url, await readSettings(), options);
  }

  /** The host of its endpoint, for messages. */
  get host(): string {
    return this.#endpoint.host;
  }

  /** Closes all connections and aborts all requests. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#client.destroy();
    await this.#dispatcher.destroy();
  }

  /**
   * Runs a request with retries, and with the errors of the store in words. Each attempt needs a new body.
   *
   * @param action what it does, for errors: `upload a part`
   * @throws AirgapError `NOT_FOUND`, `DENIED`, `INPUT`, `UNSUPPORTED`, `CONTENT`, `REGISTRY`, `NETWORK`
   */
  async run<T>(
    action: string,
    request: (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
    { key = this.url.key, progress }: RunOptions = {},
  ): Promise<T> {
    const attempt = async () => {
      await this.#limiter.open(this.#signal);
      try {
        return await request(this.#client, { abortSignal: this.#ended });
      } catch (thrown) {
        this.#signal.throwIfAborted();
        throw storeError(action, thrown, {
          endpoint: this.#endpoint,
          object: formatObjectUrl({ ...this.url, key }),
          secrets: await this.#secrets(),
        });
      }
    };
    const onEvent = withTime(this.#options.onEvent);
    return withRetries(attempt, {
      host: this.host,
      limiter: this.#limiter,
      signal: this.#signal,
      onEvent,
      progress,
    });
  }

  /** The credentials that requests had, apart from the name of the user. */
  async #secrets(): Promise<readonly string[]> {
    const credentials = await this.#client.config.credentials().catch(() => undefined);
    return [credentials?.secretAccessKey, credentials?.sessionToken].filter(secret =>
      Boolean(secret),
    ) as string[];
  }
}

/** Connections with the TLS settings and proxies of all others; the SDK keeps the chunks of responses. */
function openDispatcher({ trace, ...options }: ObjectStoreOptions): Dispatcher {
  const connections = withCheckedDocuments(withCopiedChunks(openConnections(options)));
  const onEvent = withTime(options.onEvent);
  if (!trace || !onEvent) return connections;
  return traced(connections, { onEvent, sourceOf: () => undefined, mask: maskSecrets });
}

interface StoreSettings {
  readonly region: string;
  /** Undefined for AWS. */
  readonly endpoint: string | undefined;
  readonly requestChecksumCalculation: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
}

/** What the SDK reads from the environment and from `~/.aws`, with the defaults that fit stores beside AWS. */
async function readSettings(): Promise<StoreSettings> {
  // The version of the SDK is pinned: a newer Node.js would change nothing for the user.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { config } = new S3Client({});
  try {
    const endpoint = await config.serviceConfiguredEndpoint?.();
    const calculation = await config.requestChecksumCalculation();
    return {
      region: await regionOf(config),
      endpoint: endpoint === undefined ? undefined : checkedEndpoint(String(endpoint)),
      requestChecksumCalculation:
        endpoint === undefined || isExplicit() ? calculation : ('WHEN_REQUIRED' as const),
    };
  } catch (cause) {
    if (cause instanceof AirgapError) throw cause;
    const reason = maskSecrets((cause as Error).message);
    throw new AirgapError('INPUT', `invalid settings for the object store: ${reason}`, {
      hint: 'Correct the AWS_ environment variables, or the files in ~/.aws.',
    });
  }
}

function isExplicit(): boolean {
  return Boolean(process.env.AWS_REQUEST_CHECKSUM_CALCULATION);
}

async function regionOf({ region }: S3Client['config']): Promise<string> {
  try {
    return await region();
  } catch {
    return DEFAULT_REGION;
  }
}

function checkedEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.username === '') return text;
  // The URL may contain a password and is not quoted.
  throw new AirgapError('INPUT', 'AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is not an http or https URL', {
    hint: 'Write it as https://s3.example.com, without credentials.',
  });
}
