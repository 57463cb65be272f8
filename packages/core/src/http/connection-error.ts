import { AirgapError } from '../model/errors.ts';
import { RetryableError } from './retry.ts';

/** Turns what undici threw into our error; a broken connection is worth another try, a refused handshake is not. */
export function connectionError(thrown: unknown, host: string): AirgapError | RetryableError {
  // Settings that cannot be used turn up when the first connection is opened.
  if (thrown instanceof AirgapError) return thrown;
  const cause = thrown as NodeJS.ErrnoException;
  if (provesTls(cause)) {
    return new AirgapError('NETWORK', `the TLS certificate of ${host} is not trusted: ${cause.message}`, {
      where: { host },
      cause,
      hint: `Give the certificate authority with --ca ${host}=FILE, or use --insecure ${host} where that is acceptable.`,
    });
  }
  if (isHandshakeError(cause)) {
    return new AirgapError('NETWORK', `${host} does not speak TLS as it should: ${cause.code}`, {
      where: { host },
      cause,
      hint: `For a registry without TLS use --plain-http ${host}.`,
    });
  }
  if (cause.code === 'ENOTFOUND') {
    return new AirgapError('NETWORK', `there is no host called ${host}`, {
      where: { host },
      cause,
      hint: 'Check its spelling, and whether this machine can resolve names outside.',
    });
  }
  const refused = /Proxy response \((\d+)\)/.exec(cause.message)?.[1];
  if (refused !== undefined) return proxyRefusal(host, Number(refused), cause);
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

function proxyRefusal(host: string, status: number, cause: Error): AirgapError | RetryableError {
  const error = new AirgapError('NETWORK', `the proxy does not connect to ${host}: it answered ${status}`, {
    where: { host },
    cause,
    hint:
      status === 407
        ? 'Put credentials into the URL of HTTPS_PROXY, as http://user:password@proxy:3128.'
        : `Ask whoever runs the proxy to allow ${host}, or name it in NO_PROXY if it can be reached without one.`,
  });
  return status >= 500 ? new RetryableError(error) : error;
}

/** Whether a failure shows that the other side has TLS: its certificate was seen, and refused. */
export function provesTls(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function isHandshakeError({ code = '' }: NodeJS.ErrnoException): boolean {
  return /ERR_TLS|EPROTO|ERR_SSL/.test(code);
}
