import type { Range } from '../store/ranges.ts';
import type { StoredBlob } from './stored-blob.ts';

/** What is sent for a request. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | BlobRange;
}

/** A part of what stands in a bundle. */
export interface BlobRange {
  readonly content: StoredBlob;
  readonly range: Range;
}

/** An answer of one JSON document. */
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

/** An answer without a body. */
export function empty(status: number, headers: Readonly<Record<string, string>>): HttpResponse {
  return { status, headers, body: Buffer.alloc(0) };
}

/** How many bytes a body has. */
export function lengthOf(body: Buffer | BlobRange): number {
  return Buffer.isBuffer(body) ? body.length : body.range.end - body.range.start;
}
