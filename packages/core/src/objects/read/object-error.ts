import { isRefusal, isRetryable, isThrottled, retryAfter } from '../../http/response-error.ts';
import { RetryableError } from '../../http/retry.ts';
import type { ResponseHead } from '../../http/round-trip.ts';
import { AirgapError, type ErrorCode, type ErrorContext } from '../../model/errors.ts';
import { maskSecrets } from '../../model/secrets.ts';

/** The error codes and messages of S3, Google and Azure. */
const CODE = /<Code>(?<text>[^<]{1,100})<\/Code>/i;
const MESSAGE = /<Message>(?<text>[^<]{1,500})<\/Message>/i;
/** Shorter texts are not taken for secrets: they are also words of messages. In characters. */
const MIN_SECRET = 4;
/** How much of a message is quoted, in characters. */
const MAX_QUOTED = 200;

/** A response with another status than 206. */
export interface FailedResponse extends ResponseHead {
  /** The start of its body. */
  readonly body: Uint8Array;
  /** What was requested, without the redirects that followed. */
  readonly url: URL;
  /** What must not be quoted. */
  readonly secrets: readonly string[];
  /** Whether a range of the object was received before. */
  readonly hasStarted: boolean;
}

/** The error for a response without the requested range: retryable for failures that may not occur again. */
export function objectError(response: FailedResponse, where: ErrorContext): AirgapError | RetryableError {
  const { status, hasStarted } = response;
  if (status === 412) return replaced(where, 'its ETag has changed');
  if (status === 416) return hasStarted ? replaced(where, 'it is shorter') : emptyFile(where);
  const error = new AirgapError(codeOf(response), `${what(response)}: ${answer(response, where)}`, {
    where,
    hint: hintOf(response),
  });
  if (isThrottled(status)) return new RetryableError(error, { delay: retryAfter(response) });
  return isRetryable(status) ? new RetryableError(error) : error;
}

/** The error for an object that has other bytes than when it was opened. */
export function replaced(where: ErrorContext, reason: string): AirgapError {
  return new AirgapError('REGISTRY', `the file was replaced while it was read: ${reason}`, {
    where,
    hint: 'Run the command again, when nothing else writes the file.',
  });
}

/** The error for an object without any bytes. */
export function emptyFile(where: ErrorContext): AirgapError {
  return new AirgapError('BUNDLE', 'the file is empty', { where, hint: 'Upload the file again.' });
}

function what({ status, hasStarted }: FailedResponse): string {
  if (status === 200) return 'the server does not serve ranges';
  if (isDenied(status)) return hasStarted ? 'access ended while the file was read' : 'access denied';
  if (isMissing(status)) return hasStarted ? 'the file was removed while it was read' : 'no such file';
  return 'cannot read the file';
}

function answer({ status, body, secrets }: FailedResponse, { host }: ErrorContext): string {
  const sender = status === 407 ? 'the proxy' : host;
  const message = serverMessage(body, secrets);
  return message === '' ? `${sender} answered ${status}` : `${sender} answered ${status}: ${message}`;
}

function codeOf({ status, hasStarted }: FailedResponse): ErrorCode {
  if (isDenied(status)) return 'DENIED';
  if (hasStarted) return 'REGISTRY';
  if (isMissing(status)) return 'NOT_FOUND';
  return status === 200 || isRefusal(status) ? 'UNSUPPORTED' : 'REGISTRY';
}

function hintOf({ status, url, hasStarted }: FailedResponse): string {
  if (status === 200) return 'Download the file first, or put it on a server that answers range requests.';
  if (isDenied(status))
    return url.search === ''
      ? 'Check the permissions of the file, and put USER:PASSWORD@ before the host if it needs a login.'
      : 'Ask for a new link: a signed link is valid for one file and for a limited time.';
  if (isMissing(status) && !hasStarted) return 'Check the URL.';
  if (status === 407) return 'Add credentials to the URL in HTTPS_PROXY, as http://user:password@proxy:3128.';
  if (isThrottled(status)) return 'Lower --concurrency, or try again later.';
  if (isRefusal(status))
    return 'Check the URL and the settings of the server: the same request will be refused again.';
  return 'Try again later; if it persists, contact the administrator of the server.';
}

function isDenied(status: number): boolean {
  return status === 401 || status === 403;
}

function isMissing(status: number): boolean {
  return status === 404 || status === 410;
}

/** The error code and message of a store in one line. */
function serverMessage(body: Uint8Array, secrets: readonly string[]): string {
  const text = Buffer.from(body).toString('utf8');
  const parts = [CODE.exec(text)?.groups?.text, MESSAGE.exec(text)?.groups?.text];
  const line = parts.filter(part => part !== undefined).join(': ');
  // Mask before truncating: otherwise the beginning of a secret could remain.
  const masked = secrets
    .filter(({ length }) => length >= MIN_SECRET)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), maskSecrets(line));
  return masked.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, MAX_QUOTED);
}
