import { type HttpResponse, json } from './http-response.ts';

/** Error codes of the distribution-spec, and of the reference implementation where the spec has none. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  PAGINATION_NUMBER_INVALID: 400,
  RANGE_INVALID: 416,
  UNAUTHORIZED: 401,
  UNKNOWN: 500,
  UNSUPPORTED: 405,
} as const;

/** An error response (distribution-spec, "Error Codes"). */
export function errorResponse(
  code: keyof typeof STATUS,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  status: number = STATUS[code],
): HttpResponse {
  return json({ errors: [{ code, message }] }, headers, status);
}
