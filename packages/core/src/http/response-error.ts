import { AirgapError, type ErrorCode, type ErrorContext } from '../model/errors.ts';
import { RetryableError } from './retry.ts';
import type { ResponseHead } from './round-trip.ts';

/** The most of a registry's own words that goes into a message. */
const MAX_WORDS = 200;
const TRANSIENT = new Set([408, 425, 500, 502, 504]);
const COMPLAINTS = new Set([429, 503]);

/** Hides secrets in text that a server sent. */
interface Redactor {
  mask(text: string): string;
}

interface FailedHead extends ResponseHead {
  /** What its words must not give away. */
  readonly secrets: Redactor;
  /** Whether it came from another origin than the registry. */
  readonly redirected?: boolean;
}

/**
 * Makes the error for an answer that is no success: transient ones may be tried again, everything else is final.
 *
 * @param doing what was asked for, for example `read the manifest`
 */
export function responseError(
  doing: string,
  head: FailedHead,
  body: Uint8Array,
  where: ErrorContext,
): AirgapError | RetryableError {
  const error = new AirgapError(codeOf(head.status), `cannot ${doing}: ${reason(head, body)}`, {
    where,
    hint: /push|upload/.test(doing) ? pushHint(head.status, where) : hintFor(head.status, where),
  });
  if (COMPLAINTS.has(head.status)) return new RetryableError(error, { delay: retryAfter(head) });
  return TRANSIENT.has(head.status) || staleLink(head) ? new RetryableError(error) : error;
}

/** A redirect is a link that expires: the registry makes a fresh one when it is asked again. */
function staleLink({ status, redirected = false }: FailedHead): boolean {
  return redirected && [400, 401, 403, 410].includes(status);
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'DENIED';
  if (status === 404) return 'NOT_FOUND';
  return 'REGISTRY';
}

function reason({ status, redirected, secrets }: FailedHead, body: Uint8Array): string {
  const words = registryWords(body, secrets);
  const behind = redirected ? 'the storage behind the registry' : 'the registry';
  const who = status === 407 ? 'the proxy' : behind;
  return `${who} answered ${status}${words ? `: ${words}` : ''}`;
}

/** What the registry says of it (distribution-spec, "Error Codes"): codes and messages, on one line. */
function registryWords(body: Uint8Array, secrets: Redactor): string {
  try {
    const { errors } = JSON.parse(Buffer.from(body).toString('utf8')) as {
      errors?: { code?: unknown; message?: unknown }[];
    };
    const words = (errors ?? []).map(({ code, message }) =>
      [code, message].filter(part => typeof part === 'string').join(' '),
    );
    // Masked before it is cut: the beginning of a secret is too much as well.
    const line = secrets.mask(words.join('; ')).replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ');
    return line.slice(0, MAX_WORDS);
  } catch {
    return '';
  }
}

function hintFor(status: number, { host = 'the registry' }: ErrorContext): string {
  if (status === 401)
    return `Log in to ${host} first (airgap login ${host}), or check that the name is right.`;
  if (status === 403)
    return `These credentials may not read it; ask the owner of the repository at ${host} for access.`;
  if (status === 404)
    return 'Check the name and the tag; a private image may also look like this without credentials.';
  if (status === 407)
    return 'Put credentials into the URL of HTTP_PROXY, as http://user:password@proxy:3128.';
  if (status === 429)
    return `${host} limits how often it is asked; log in, lower --concurrency, or try later.`;
  return `Try again later; if it stays, ask whoever runs ${host}.`;
}

/** What is different when something is brought instead of fetched. */
function pushHint(status: number, where: ErrorContext): string {
  const { host = 'the registry' } = where;
  if (status === 403)
    return `These credentials may not push there, or not over a tag that exists; ask the owner of ${host} for access.`;
  if (status === 404)
    return `${host} has lost the upload, or takes no pushes there: try again, and if it stays ask whoever runs it.`;
  if (status === 413) return `Ask whoever runs ${host}, or the proxy before it, to take larger bodies.`;
  if (status === 415)
    return `Ask whoever runs ${host} to take content of this type (zot takes Docker's schema 2 with "compat": ["docker2s2"]).`;
  return hintFor(status, where);
}

/** `Retry-After` in ms: seconds or a date (RFC 9110, section 10.2.3). */
function retryAfter({ headers }: ResponseHead): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(delay) ? Math.max(delay, 0) : undefined;
}
