import { AirgapError } from '../model/errors.ts';
import { RetryableError } from './retry.ts';

/** Converts an error of undici: a broken connection is retryable, a failed TLS handshake is not. */
export function connectionError(thrown: unknown, host: string): AirgapError | RetryableError {
  // Invalid TLS settings are detected when the first connection is opened.
  if (thrown instanceof AirgapError) return thrown;
  const cause = thrown as NodeJS.ErrnoException;
  if (provesTls(cause)) {
    return new AirgapError('NETWORK', `the TLS certificate of ${host} is not trusted: ${cause.message}`, {
      where: { host },
      cause,
      hint: `Add the certificate authority with --ca ${host}=FILE, or use --insecure ${host} where that is acceptable.`,
    });
  }
  if (isHandshakeError(cause)) {
    return new AirgapError('NETWORK', `TLS handshake with ${host} failed: ${cause.code}`, {
      where: { host },
      cause,
      hint: `Use --plain-http ${host} for a registry without TLS.`,
    });
  }
  if (cause.code === 'ENOTFOUND') {
    return new AirgapError('NETWORK', `host not found: ${host}`, {
      where: { host },
      cause,
      hint: 'Check the spelling of the host and the DNS configuration.',
    });
  }
  const proxyStatus = /Proxy response \((\d+)\)/.exec(cause.message)?.[1];
  if (proxyStatus !== undefined) return proxyError(host, Number(proxyStatus), cause);
  const error = new AirgapError(
    'NETWORK',
    `the connection to ${host} failed: ${cause.code ?? cause.message}`,
    {
      where: { host },
      cause,
      hint: 'Check the host name, the network and the proxy settings; for a registry without TLS use --plain-http HOST.',
    },
  );
  return new RetryableError(error);
}

function proxyError(host: string, status: number, cause: Error): AirgapError | RetryableError {
  const hint =
    status === 407
      ? 'Add credentials to the URL in HTTPS_PROXY, as http://user:password@proxy:3128.'
      : `Allow ${host} in the proxy, or add it to NO_PROXY if it is reachable directly.`;
  const error = new AirgapError('NETWORK', `the proxy refused to connect to ${host}: it answered ${status}`, {
    where: { host },
    cause,
    hint,
  });
  return status >= 500 ? new RetryableError(error) : error;
}

/** Returns whether the error proves that the server uses TLS: its certificate was received and rejected. */
export function provesTls(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function isHandshakeError({ code = '' }: NodeJS.ErrnoException): boolean {
  return /ERR_TLS|EPROTO|ERR_SSL/.test(code);
}
