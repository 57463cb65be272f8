import type { Range } from '../store/ranges.ts';
import type { StoredBlob } from './stored-blob.ts';

/** A response of the registry. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | BlobRange;
}

/** A byte range of a blob in a bundle. */
export interface BlobRange {
  readonly blob: StoredBlob;
  readonly range: Range;
}

/** A response with a JSON body. */
export function json(
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): HttpResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(document)),
  };
}

/** A response without a body. */
export function empty(status: number, headers: Readonly<Record<string, string>>): HttpResponse {
  return { status, headers, body: Buffer.alloc(0) };
}

/** The length of a body in bytes. */
export function bodyLength(body: Buffer | BlobRange): number {
  return Buffer.isBuffer(body) ? body.length : body.range.end - body.range.start;
}
