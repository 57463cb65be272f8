import { AirgapError, type ErrorCode, type ErrorContext } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { RetryableError } from './retry.ts';
import type { ResponseHead } from './round-trip.ts';

/** How much of the message of a registry is quoted, in characters. */
const MAX_QUOTED = 200;
/** 520 to 524 and 527 are those of Cloudflare, for an origin that does not answer it. */
const RETRYABLE = new Set([408, 425, 500, 502, 504, 520, 521, 522, 523, 524, 527]);
const THROTTLED = new Set([429, 503]);

/** Masks secrets in text that a server sent. */
interface Redactor {
  mask(text: string): string;
}

interface FailedHead extends ResponseHead {
  /** The secrets to mask in its message. */
  readonly secrets: Redactor;
  /** Whether another origin than the registry sent it. */
  readonly redirected?: boolean;
  /** What the credentials tell about a 401 or 403. */
  readonly denial?: { readonly note: string; readonly hint?: string } | undefined;
}

/**
 * Creates the error for an unsuccessful response: a RetryableError for transient failures, an AirgapError for others.
 *
 * @param action what failed, for example `read the manifest`
 */
export function responseError(
  action: string,
  head: FailedHead,
  body: Uint8Array,
  where: ErrorContext,
): AirgapError | RetryableError {
  const error = new AirgapError(codeOf(head.status), `cannot ${action}: ${reason(head, body)}`, {
    where,
    hint: hintOf(action, head, body, where),
  });
  if (isThrottled(head.status)) return new RetryableError(error, { delay: retryAfter(head) });
  return isRetryable(head.status) || isExpiredLink(head) ? new RetryableError(error) : error;
}

/** Whether a status says that the server limits the request rate. */
export function isThrottled(status: number): boolean {
  return THROTTLED.has(status);
}

/** Whether a status is that of a failure that may not occur again. */
export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/** Whether a status says that the same request will be refused again. A conflict (409) may end. */
export function isRefusal(status: number): boolean {
  const mayPass = status === 409 || isThrottled(status) || isRetryable(status);
  return status >= 400 && status < 500 && !mayPass;
}

function hintOf(
  action: string,
  { status, denial }: FailedHead,
  body: Uint8Array,
  where: ErrorContext,
): string {
  const special = tlsHint(status, body, where) ?? denial?.hint;
  if (special !== undefined) return special;
  return /push|upload/.test(action) ? pushHint(status, where) : hintFor(status, where);
}

/** Signed links of redirects expire: the registry issues a new one for the next request. */
function isExpiredLink({ status, redirected = false }: FailedHead): boolean {
  return redirected && [400, 401, 403, 410].includes(status);
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'DENIED';
  if (status === 404) return 'NOT_FOUND';
  return 'REGISTRY';
}

function reason({ status, redirected = false, secrets, denial }: FailedHead, body: Uint8Array): string {
  const message = registryMessage(body, secrets);
  const summary = `${senderOf(status, redirected)} answered ${status}`;
  const reported = message ? `${summary}: ${message}` : summary;
  return denial ? `${reported} (${denial.note})` : reported;
}

function senderOf(status: number, redirected: boolean): string {
  if (status === 407) return 'the proxy';
  return redirected ? 'the storage behind the registry' : 'the registry';
}

/** Returns the error codes and messages of the body in one line (distribution-spec, "Error Codes"). */
function registryMessage(body: Uint8Array, secrets: Redactor): string {
  const document = parseJson(Buffer.from(body).toString('utf8')) as { errors?: unknown } | null | undefined;
  const errors: unknown[] = Array.isArray(document?.errors) ? document.errors : [];
  // Mask before truncating: otherwise the beginning of a secret could remain.
  const line = secrets.mask(errors.map(describeError).join('; ')).replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ');
  return line.slice(0, MAX_QUOTED);
}

function describeError(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return [code, message].filter(part => typeof part === 'string').join(' ');
}

function hintFor(status: number, { host = 'the registry' }: ErrorContext): string {
  if (status === 401) return `Log in to ${host} first (airgap login ${host}), or check the name.`;
  if (status === 403) return `Use credentials with read access to the repository at ${host}.`;
  if (status === 404) return 'Check the name and the tag; for a private image, log in first.';
  if (status === 407) return 'Add credentials to the URL in HTTP_PROXY, as http://user:password@proxy:3128.';
  if (status === 429) return `Log in, lower --concurrency, or try again later: rate limited by ${host}.`;
  return `Try again later; if it persists, contact the administrator of ${host}.`;
}

/** Returns the hint for what servers with TLS answer to plain HTTP, and to clients without a certificate. */
function tlsHint(
  status: number,
  body: Uint8Array,
  { host = 'the registry' }: ErrorContext,
): string | undefined {
  if (status !== 400) return undefined;
  const text = Buffer.from(body).toString('latin1');
  if (/HTTP request (?:was sent )?to (?:an )?HTTPS (?:server|port)/i.test(text))
    return `Remove --plain-http ${host}: the port uses TLS.`;
  if (/SSL certificate/i.test(text))
    return `Pass the client certificate that ${host} requires with --cert ${host}=FILE and --key ${host}=FILE.`;
  return undefined;
}

/** The hints that differ for pushes. */
function pushHint(status: number, where: ErrorContext): string {
  const { host = 'the registry' } = where;
  if (status === 403)
    return `Use credentials that may push to ${host}; overwriting an existing tag may need more permissions.`;
  if (status === 404)
    return `Try again; if it persists, check that ${host} accepts pushes to this repository.`;
  if (status === 413)
    return `Raise the limit of the request body size at ${host}, or at the proxy in front of it.`;
  if (status === 415)
    return `Allow this media type in the configuration of ${host} (zot accepts Docker schema 2 with "compat": ["docker2s2"]).`;
  return hintFor(status, where);
}

/** Parses `Retry-After`, which has seconds or a date (RFC 9110, section 10.2.3). @returns ms */
export function retryAfter({ headers }: ResponseHead): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(delay) ? Math.max(delay, 0) : undefined;
}
