import { connectionError, provesTls } from '../../http/connection-error.ts';
import { EndedResponse } from '../../http/ended-response.ts';
import { isRefusal } from '../../http/response-error.ts';
import { RetryableError } from '../../http/retry.ts';
import { AirgapError, type ErrorCode, type ErrorContext } from '../../model/errors.ts';
import { maskSecrets } from '../../model/secrets.ts';
import { WebPage } from './store-documents.ts';

/** How much of the message of a store is quoted, in characters. */
const MAX_QUOTED = 200;

/** Which object a request was about, and where it was sent. */
export interface StoreContext {
  readonly endpoint: URL;
  /** The object as `s3://bucket/key`. */
  readonly object: string;
  /** Credentials that the request had: a store may send them back. */
  readonly secrets: readonly string[];
}

/** What an error code of a store means. */
interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
}

const CREDENTIALS_HINT =
  'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role.';
const EXPIRED: Meaning = {
  code: 'DENIED',
  reason: 'the credentials have expired',
  hint: 'Get new credentials (for example aws sso login), and run the command again.',
};
const WRONG_KEY: Meaning = {
  code: 'DENIED',
  reason: 'the store rejected the credentials',
  hint: 'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_PROFILE.',
};
const SKEWED: Meaning = {
  code: 'DENIED',
  reason: 'the clock of this machine differs too much from that of the store',
  hint: 'Set the clock of this machine.',
};
const OTHER_BYTES: Meaning = {
  code: 'CONTENT',
  reason: 'the object does not match its checksum',
  hint: 'Check the disks of the store, and store the object again.',
};
const NO_STORE: Meaning = {
  code: 'UNSUPPORTED',
  reason: 'the server does not speak S3',
  hint: 'Check that AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is the endpoint of a store that speaks S3.',
};
const WRONG_REGION: Meaning = {
  code: 'INPUT',
  reason: 'the bucket is in another region',
  hint: 'Set AWS_REGION to the region of the bucket, or correct AWS_ENDPOINT_URL_S3.',
};

/** The error codes of S3 (API reference, "Error responses"), and those of the services that issue credentials. */
const MEANINGS: Readonly<Record<string, Meaning>> = withoutPrototype({
  NoSuchBucket: {
    code: 'NOT_FOUND',
    reason: 'the bucket does not exist',
    hint: 'Create the bucket, or correct its name and AWS_ENDPOINT_URL_S3.',
  },
  NoSuchKey: {
    code: 'NOT_FOUND',
    reason: 'the object does not exist',
    hint: 'Check the name of the object.',
  },
  NotFound: {
    code: 'NOT_FOUND',
    reason: 'the object or its bucket does not exist',
    hint: 'Check the names of the bucket and of the object.',
  },
  NoSuchUpload: {
    code: 'NOT_FOUND',
    reason:
      'the multipart upload does not exist: it was completed, aborted, or removed by a rule of the bucket',
    hint: 'Start again, with a new plan.',
  },
  AccessDenied: {
    code: 'DENIED',
    reason: 'the credentials do not permit this',
    hint: 'Allow s3:PutObject, s3:GetObject, s3:DeleteObject, s3:ListBucket and s3:AbortMultipartUpload on the bucket.',
  },
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidAccessKeyId: WRONG_KEY,
  SignatureDoesNotMatch: WRONG_KEY,
  InvalidToken: WRONG_KEY,
  // Of versitygw, as 404.
  XAdminUserNotFound: WRONG_KEY,
  InvalidSecurity: WRONG_KEY,
  CredentialsProviderError: { code: 'DENIED', reason: 'no usable credentials', hint: CREDENTIALS_HINT },
  TokenProviderError: EXPIRED,
  RequestTimeTooSkewed: SKEWED,
  RequestExpired: SKEWED,
  PermanentRedirect: WRONG_REGION,
  AuthorizationHeaderMalformed: WRONG_REGION,
  IllegalLocationConstraintException: WRONG_REGION,
  InvalidBucketName: {
    code: 'INPUT',
    reason: 'invalid bucket name',
    hint: 'Correct the name of the bucket.',
  },
  PreconditionFailed: {
    code: 'INPUT',
    reason: 'the object exists, or was replaced meanwhile',
    hint: 'Choose another name, or run the command again.',
  },
  InvalidPart: {
    code: 'CONTENT',
    reason: 'a part is missing, or was replaced after it was reported',
    hint: 'Abort the upload and start again, with a new plan.',
  },
  InvalidRange: { code: 'CONTENT', reason: 'the object is shorter than expected', hint: 'Read it again.' },
  NotImplemented: {
    code: 'UNSUPPORTED',
    reason: 'the store does not support this request',
    hint: 'Set AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_REQUIRED; if it persists, use another store.',
  },
});

/** The store chooses the codes: one may be `constructor`. */
function withoutPrototype<T extends object>(table: T): T {
  return Object.assign(Object.create(null), table);
}

/** Codes that say that the same request may succeed later, and those that ask for fewer requests. */
const RETRYABLE = new Set([
  'InternalError',
  'RequestTimeout',
  'RequestTimeoutException',
  'OperationAborted',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
]);
const THROTTLED = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);

/** An error of the SDK, as far as it is used. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly Code?: string;
  readonly code?: unknown;
}

/**
 * Converts an error of the SDK, or of a connection, to one in words. It quotes no more of the response than the message.
 *
 * @param action what failed, for example `upload a part`
 */
export function storeError(action: string, thrown: unknown, context: StoreContext): Error {
  if (thrown instanceof AirgapError || thrown instanceof RetryableError) return thrown;
  const error = thrown as SdkError;
  if (thrown instanceof WebPage) return failureOf(NO_STORE, action, ` (${thrown.message})`, context);
  // Of a response whose bytes the SDK compares with the checksum in its head. Some stores replace the two one after the other.
  if (error.message.startsWith('Checksum mismatch:'))
    return new RetryableError(failureOf(OTHER_BYTES, action, '', context));
  const isResponse = error.$metadata?.httpStatusCode !== undefined;
  if (isResponse || isCredentialError(error)) return responseErrorOf(action, error, context);
  // Errors of connections have a code; anything else is a bug.
  const isConnection = typeof error.code === 'string' || error instanceof EndedResponse;
  return isConnection ? storeConnectionError(action, error, context) : error;
}

function responseErrorOf(action: string, error: SdkError, context: StoreContext): Error {
  const name = codeOf(error);
  const status = error.$metadata?.httpStatusCode ?? 0;
  const meaning = MEANINGS[name] ?? meaningOf(status);
  const failed = failureOf(meaning, action, quoted(name, status, error.message, context), context);
  if (THROTTLED.has(name) || status === 429 || status === 503)
    return new RetryableError(failed, { delay: retryAfter(error) });
  const isTransient = RETRYABLE.has(name) || status >= 500 || status === 408;
  // The SDK has set its clock by the response: the next request has the right time.
  const isSkewed = meaning === SKEWED;
  if (isSkewed) return new RetryableError(failed, undefined, 2);
  return isTransient && status !== 501 ? new RetryableError(failed) : failed;
}

function failureOf(
  { code, reason, hint }: Meaning,
  action: string,
  detail: string,
  context: StoreContext,
): AirgapError {
  return new AirgapError(code, `cannot ${action}: ${reason}${detail}`, { where: whereOf(context), hint });
}

/** A response to HEAD has no body, hence no code. */
function codeOf({ name, Code, $metadata }: SdkError): string {
  const code = Code ?? name;
  if (MEANINGS[code] || RETRYABLE.has(code) || THROTTLED.has(code)) return code;
  if (code !== 'Unknown' && code !== 'UnknownError' && code !== 'Error' && !/^\d+$/.test(code)) return code;
  return STATUS_NAMES[$metadata?.httpStatusCode ?? 0] ?? code;
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  403: 'AccessDenied',
  404: 'NotFound',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  501: 'NotImplemented',
};

function meaningOf(status: number): Meaning {
  if (status === 401 || status === 403) return MEANINGS.AccessDenied as Meaning;
  if (status === 501) return MEANINGS.NotImplemented as Meaning;
  if (status >= 200 && status < 300) return NO_STORE;
  if (isRefusal(status))
    return {
      code: 'UNSUPPORTED',
      reason: 'the store refused the request',
      hint: 'Check the settings of the bucket and of the store: the same request will be refused again.',
    };
  return {
    code: 'REGISTRY',
    reason: 'the store returned an error',
    hint: 'Try again later; if it persists, contact the administrator of the store.',
  };
}

function quoted(name: string, status: number, message: string, { secrets }: StoreContext): string {
  const line = (text: string) =>
    secrets
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), maskSecrets(text))
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .trim()
      .slice(0, MAX_QUOTED);
  const sender = status === 0 ? line(name) : `${status} ${line(name)}`;
  // The SDK appends advice for its developers.
  const [text = ''] = message.split('\n  Deserialization error:');
  const said = text.startsWith('@aws-sdk XML parse error') ? 'the response is not XML' : text;
  return ` (${said === '' || said === name ? sender : `${sender}: ${line(said)}`})`;
}

function storeConnectionError(action: string, error: Error, context: StoreContext): Error {
  const converted = connectionError(error, context.endpoint);
  const failed = converted instanceof RetryableError ? converted.error : converted;
  const { code, message, hint } = failed;
  const worded = new AirgapError(code, `cannot ${action}: ${message}`, {
    where: whereOf(context),
    cause: error,
    hint:
      provesTls(error) && hint !== undefined
        ? hint
        : 'Check AWS_ENDPOINT_URL_S3 and AWS_REGION, the network and the proxy settings.',
  });
  return converted instanceof RetryableError
    ? new RetryableError(worded, converted.throttled, converted.attempts)
    : worded;
}

/** Whether no request was sent: the chain of credentials ended without any. */
function isCredentialError({ name }: Error): boolean {
  return name === 'CredentialsProviderError' || name === 'TokenProviderError';
}

function retryAfter({ $response }: SdkError): number | undefined {
  const value = Number($response?.headers?.['retry-after']);
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}

function whereOf({ endpoint, object }: StoreContext): ErrorContext {
  return { host: endpoint.host, path: object };
}
