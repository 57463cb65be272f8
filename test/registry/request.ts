import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A step of a push (distribution-spec, "Push"); `other` for everything else. */
export type Step =
  | 'head'
  | 'mount'
  | 'start'
  | 'monolithic'
  | 'chunk'
  | 'finish'
  | 'status'
  | 'manifest'
  | 'other';

/** A request as a registry, or a host behind its proxy, received it. */
export interface RegistryRequest {
  readonly method: string;
  /** With the origin that the client named. */
  readonly url: URL;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly step: Step;
  /** Requests with the same number came through the same connection. */
  readonly connection: number;
  /** The size of the body; 0 until it has been read. */
  bytes: number;
  /** The body, if it is a form. */
  form: string;
  readonly incoming: IncomingMessage;
}

/** What the path of a request names. */
export interface Target {
  readonly kind: 'manifests' | 'blobs' | 'tags' | 'referrers' | 'uploads' | 'session' | 'other';
  readonly repository: string;
  /** A tag, a digest, or the number of an upload session. */
  readonly reference: string;
}

const CONTENT = /^\/v2\/(?<repository>.+)\/(?<kind>manifests|blobs|tags|referrers)\/(?<reference>[^/]+)$/;
const UPLOADS = /^\/v2\/(?<repository>.+)\/blobs\/uploads\/$/;
/** Upload sessions are outside of `/v2/`, as the specification allows. */
const SESSION = /^\/elsewhere\/(?<reference>\d+)$/;

export function targetOf(path: string): Target {
  const content = CONTENT.exec(path)?.groups;
  if (content) return { repository: '', reference: '', ...content } as unknown as Target;
  const repository = UPLOADS.exec(path)?.groups?.repository;
  if (repository !== undefined) return { kind: 'uploads', repository, reference: '' };
  const reference = SESSION.exec(path)?.groups?.reference;
  if (reference !== undefined) return { kind: 'session', repository: '', reference };
  return { kind: 'other', repository: '', reference: '' };
}

/** Describes a request whose body has not been read yet. */
export function describeIncoming(incoming: IncomingMessage, url: URL): RegistryRequest {
  const { method = '', headers, socket } = incoming;
  return {
    method,
    url,
    path: url.pathname,
    authorization: headers.authorization,
    range: headers.range,
    step: stepOf(method, url),
    connection: numberOf(socket),
    bytes: 0,
    form: '',
    incoming,
  };
}

/** Reads the body. */
export async function readBody(request: RegistryRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request.incoming) chunks.push(chunk);
  } catch {
    // The client has disconnected.
  }
  const body = Buffer.concat(chunks);
  request.bytes = body.length;
  const type = request.incoming.headers['content-type'] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) request.form = body.toString();
  return body;
}

function stepOf(method: string, { pathname, searchParams }: URL): Step {
  const { kind } = targetOf(pathname);
  if (kind === 'uploads') return searchParams.has('mount') ? 'mount' : 'start';
  if (kind === 'session') {
    if (method === 'PATCH') return 'chunk';
    if (method === 'GET') return 'status';
    return searchParams.get('state') === FRESH ? 'monolithic' : 'finish';
  }
  if (method === 'PUT' && kind === 'manifests') return 'manifest';
  return method === 'HEAD' ? 'head' : 'other';
}

/** The state of an upload that has no bytes. It needs escaping, which clients must keep. */
export const FRESH = 'a/b';

const numbers = new WeakMap<Socket, number>();
let connections = 0;

function numberOf(socket: Socket): number {
  const known = numbers.get(socket);
  if (known !== undefined) return known;
  connections += 1;
  numbers.set(socket, connections);
  return connections;
}
