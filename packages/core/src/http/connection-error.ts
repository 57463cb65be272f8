import { AirgapError } from '../model/errors.ts';
import { isLoopback } from './loopback.ts';
import { RetryableError } from './retry.ts';

/** How often a closed port of this machine is tried: nothing else can be in the way. */
const LOOPBACK_ATTEMPTS = 2;

interface Diagnosis {
  readonly message: string;
  readonly hint: string;
}

/** Errors of a certificate that was received and rejected; the hint depends on the code. */
const CERTIFICATE_ERROR =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;
/** Alerts of servers that require a client certificate, or reject the one that was sent. */
const CLIENT_CERTIFICATE_ALERT =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE)/;
const HANDSHAKE_ERROR = /ERR_TLS|EPROTO|ERR_SSL/;

/** Converts an error of undici: a broken connection is retryable, a failed TLS handshake is not. */
export function connectionError(thrown: unknown, url: URL): AirgapError | RetryableError {
  // Invalid TLS settings are detected when the first connection is opened.
  if (thrown instanceof AirgapError) return thrown;
  const { host } = url;
  const cause = thrown as NodeJS.ErrnoException;
  const final = tlsProblem(cause, host) ?? hostProblem(cause, url);
  if (final) return networkError(final, host, cause);
  const proxyStatus = /Proxy response \((\d+)\)/.exec(cause.message)?.[1];
  if (proxyStatus !== undefined) return proxyError(host, Number(proxyStatus), cause);
  const error = networkError(
    {
      message: `the connection to ${host} failed: ${cause.code ?? cause.message}`,
      hint: connectionHint(url),
    },
    host,
    cause,
  );
  const isClosedPort = cause.code === 'ECONNREFUSED' && isLoopback(host);
  return new RetryableError(error, undefined, isClosedPort ? LOOPBACK_ATTEMPTS : undefined);
}

/** Returns whether the error proves that the server uses TLS: its certificate was received and rejected. */
export function provesTls(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return CERTIFICATE_ERROR.test(code) || CLIENT_CERTIFICATE_ALERT.test(code);
}

function tlsProblem({ code = '', message }: NodeJS.ErrnoException, host: string): Diagnosis | undefined {
  if (CERTIFICATE_ERROR.test(code)) {
    return {
      message: `the TLS certificate of ${host} is not trusted: ${message}`,
      hint: certificateHint(code, host),
    };
  }
  if (CLIENT_CERTIFICATE_ALERT.test(code)) {
    return {
      message: `${host} rejected the TLS handshake: ${code}`,
      hint: `Pass the client certificate that ${host} requires with --cert ${host}=FILE and --key ${host}=FILE.`,
    };
  }
  if (!HANDSHAKE_ERROR.test(code)) return undefined;
  return {
    message: `TLS handshake with ${host} failed: ${code}`,
    hint: `Use --plain-http ${host} for a registry without TLS.`,
  };
}

function certificateHint(code: string, host: string): string {
  const insecure = `use --insecure ${host} where that is acceptable`;
  if (code === 'CERT_HAS_EXPIRED')
    return `Renew the certificate of ${host}, and check the clock of this machine; or ${insecure}.`;
  if (code === 'CERT_NOT_YET_VALID') return `Check the clock of this machine and of ${host}.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return `Use a name that the certificate of ${host} has, or add ${host} to it; or ${insecure}.`;
  return `Add the certificate authority with --ca ${host}=FILE, or ${insecure}.`;
}

function hostProblem({ name, code, message }: NodeJS.ErrnoException, { host }: URL): Diagnosis | undefined {
  if (code === 'ENOTFOUND')
    return {
      message: `host not found: ${host}`,
      hint: 'Check the spelling of the host and the DNS configuration.',
    };
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return {
      message: `the response head of ${host} is too large: more than 64 KiB`,
      hint: `Shorten the headers that ${host}, or the proxy in front of it, sends.`,
    };
  if (name !== 'HTTPParserError') return undefined;
  return {
    message: `the response of ${host} is not HTTP/1.1: ${message}`,
    hint: `Check that ${host} is a registry, and remove --plain-http ${host} if its port uses TLS.`,
  };
}

function connectionHint({ host, protocol }: URL): string {
  const check = 'Check the host name, the network and the proxy settings';
  if (protocol === 'http:') return `${check}; remove --plain-http ${host} if its port uses TLS.`;
  return `${check}; use --plain-http ${host} if it has no TLS, and --cert and --key if it requires a client certificate.`;
}

function proxyError(host: string, status: number, cause: Error): AirgapError | RetryableError {
  const hint =
    status === 407
      ? 'Add credentials to the URL in HTTPS_PROXY, as http://user:password@proxy:3128.'
      : `Allow ${host} in the proxy, or add it to NO_PROXY if it is reachable directly.`;
  const message = `the proxy refused to connect to ${host}: it answered ${status}`;
  const error = networkError({ message, hint }, host, cause);
  return status >= 500 ? new RetryableError(error) : error;
}

function networkError({ message, hint }: Diagnosis, host: string, cause: Error): AirgapError {
  return new AirgapError('NETWORK', message, { where: { host }, cause, hint });
}
