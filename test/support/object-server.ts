import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request to the object server. */
export interface ObjectRequest {
  readonly method: string;
  /** Without the bucket. */
  readonly key: string;
  readonly bucket: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly incoming: IncomingMessage;
  /** What it asks for: `UploadPart`, `CompleteMultipartUpload` and so on, as S3 calls it. */
  readonly operation: string;
}

/** Replaces the response. @returns whether it handled the request */
export type ObjectFault = (request: ObjectRequest, response: ServerResponse) => boolean | Promise<boolean>;

interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modified: Date;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, Stored>;
}

/** They share their objects. */
const BUCKETS = ['bucket', 'releases'];

/** An object store in memory, on loopback, that speaks S3. It checks no signatures, and can answer with any fault. */
export class ObjectServer implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request, in the order of arrival. */
  readonly seen: ObjectRequest[] = [];
  fault: ObjectFault | undefined;
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', socket =>
      this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket))),
    );
    server.on('request', (incoming, response) => void this.#handle(incoming, response));
  }

  /** Starts it without objects. */
  static async start(): Promise<ObjectServer> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new ObjectServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }

  /** The environment that connects clients to it. */
  get environment(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: 'AKIDTEST',
      AWS_SECRET_ACCESS_KEY: 'a-secret-for-tests',
      AWS_ENDPOINT_URL: `http://${this.host}`,
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** The bytes of an object; undefined when it does not exist. */
  object(key: string): Buffer | undefined {
    return this.objects.get(key)?.bytes;
  }

  /** Stores an object, without a request. */
  put(key: string, bytes: Buffer): void {
    this.objects.set(key, store(bytes));
  }

  /** How often an operation was requested. */
  count(operation: string): number {
    return this.seen.filter(request => request.operation === operation).length;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    incoming.on('error', () => {});
    response.on('error', () => {});
    const request = describe(incoming);
    this.seen.push(request);
    try {
      if (!(await this.fault?.(request, response))) await this.#serve(request, response);
    } catch {
      // The body broke off.
      response.destroy();
    }
  }

  async #serve(request: ObjectRequest, response: ServerResponse): Promise<void> {
    const { operation, bucket, key, query } = request;
    if (!BUCKETS.includes(bucket)) return sendError(response, 404, 'NoSuchBucket');
    const upload = this.uploads.get(query.get('uploadId') ?? '');
    if (operation === 'CreateMultipartUpload') {
      const id = randomUUID();
      this.uploads.set(id, { key, parts: new Map() });
      return sendXml(
        response,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (query.has('uploadId') && !upload) return sendError(response, 404, 'NoSuchUpload');
    if (operation === 'UploadPart') {
      const stored = store(await readBody(request.incoming));
      upload?.parts.set(Number(query.get('partNumber')), stored);
      response.writeHead(200, { etag: stored.etag }).end();
    } else if (operation === 'CompleteMultipartUpload')
      this.#complete(request, upload as Upload, (await readBody(request.incoming)).toString(), response);
    else if (operation === 'AbortMultipartUpload') {
      this.uploads.delete(query.get('uploadId') ?? '');
      response.writeHead(204).end();
    } else if (operation === 'PutObject') {
      const bytes = await readBody(request.incoming);
      if (request.headers['if-none-match'] === '*' && this.objects.has(key))
        return sendError(response, 412, 'PreconditionFailed');
      const stored = store(bytes);
      this.objects.set(key, stored);
      response.writeHead(200, { etag: stored.etag }).end();
    } else if (operation === 'DeleteObject') {
      this.objects.delete(key);
      response.writeHead(204).end();
    } else if (operation === 'ListObjectsV2') this.#list(query.get('prefix') ?? '', response);
    else this.#get(request, response);
  }

  #complete(request: ObjectRequest, upload: Upload, body: string, response: ServerResponse): void {
    const listed = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: /<ETag>(?:&quot;|")?([^<&"]*)/.exec(part)?.[1],
    }));
    const parts = listed.map(({ number }) => upload.parts.get(number));
    const isValid = listed.every(({ etag }, at) => parts[at]?.etag === `"${etag}"`);
    if (!isValid) {
      sendError(response, 400, 'InvalidPart');
      return;
    }
    const isLarge = parts.slice(0, -1).every(part => (part?.bytes.length ?? 0) >= 5 * 1024 ** 2);
    if (!isLarge) {
      sendError(response, 400, 'EntityTooSmall');
      return;
    }
    const bytes = Buffer.concat(parts.flatMap(part => part?.bytes ?? []));
    const sums = Buffer.concat(parts.map(part => Buffer.from(part?.etag.slice(1, -1) ?? '', 'hex')));
    const etag = `"${createHash('md5').update(sums).digest('hex')}-${parts.length}"`;
    this.objects.set(upload.key, { bytes, etag, modified: new Date() });
    this.uploads.delete(request.query.get('uploadId') ?? '');
    sendXml(response, `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
  }

  #list(prefix: string, response: ServerResponse): void {
    const keys = [...this.objects.keys()].filter(key => key.startsWith(prefix)).sort();
    const contents = keys.map(key => `<Contents><Key>${key}</Key></Contents>`);
    sendXml(
      response,
      `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
    );
  }

  #get({ key, method, headers }: ObjectRequest, response: ServerResponse): void {
    const stored = this.objects.get(key);
    if (!stored) {
      sendError(response, 404, 'NoSuchKey', method === 'HEAD');
      return;
    }
    const { bytes, etag, modified } = stored;
    const head = { etag, 'last-modified': modified.toUTCString(), 'accept-ranges': 'bytes' };
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(bytes.length, range?.[2] ? Number(range[2]) + 1 : bytes.length);
    const part = bytes.subarray(start, end);
    const about = range ? { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` } : {};
    response.writeHead(range ? 206 : 200, { ...head, ...about, 'content-length': part.length });
    response.end(method === 'HEAD' ? undefined : part);
  }
}

/** Answers with an error as S3 does. */
export function sendError(response: ServerResponse, status: number, code: string, isHead = false): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} message</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(isHead ? undefined : body);
}

/** Reads the body of a request. Rejects when it breaks off. */
export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function sendXml(response: ServerResponse, xml: string): void {
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
}

function store(bytes: Buffer): Stored {
  return { bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"`, modified: new Date() };
}

function describe(incoming: IncomingMessage): ObjectRequest {
  const url = new URL(incoming.url ?? '/', 'http://store');
  const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const query = url.searchParams;
  const method = incoming.method ?? '';
  const key = rest.join('/');
  return {
    method,
    bucket,
    key,
    query,
    headers: incoming.headers,
    incoming,
    operation: operationOf(method, key, query),
  };
}

function operationOf(method: string, key: string, query: URLSearchParams): string {
  if (query.has('uploads')) return 'CreateMultipartUpload';
  if (query.has('uploadId')) {
    const operations: Record<string, string> = {
      PUT: 'UploadPart',
      POST: 'CompleteMultipartUpload',
      DELETE: 'AbortMultipartUpload',
    };
    return operations[method] ?? 'ListParts';
  }
  if (method === 'GET' && query.has('list-type')) return 'ListObjectsV2';
  const operations: Record<string, string> = { PUT: 'PutObject', DELETE: 'DeleteObject', HEAD: 'HeadObject' };
  return operations[method] ?? (key === '' ? 'ListObjects' : 'GetObject');
}
