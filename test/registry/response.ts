import type { ServerResponse } from 'node:http';

/** Sends an error response (distribution-spec, "Error Codes"). */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** Sends a blob, or the requested range of it. */
export function sendBlob(response: ServerResponse, content: Buffer, range: string | undefined): void {
  const requested = /^bytes=(?<first>\d+)-(?<last>\d*)$/.exec(range ?? '')?.groups;
  const start = Number(requested?.first ?? 0);
  const end = requested?.last ? Math.min(Number(requested.last) + 1, content.length) : content.length;
  if (requested) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${start}-${end - 1}/${content.length}`);
  }
  response.setHeader('content-length', end - start);
  response.end(content.subarray(start, end));
}

export function sendJson(response: ServerResponse, value: unknown): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}
