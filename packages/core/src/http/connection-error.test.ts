import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../../../../test/support/programs/certificates.ts';
import { missingPrograms } from '../../../../test/support/programs/program.ts';
import { AirgapError } from '../model/errors.ts';
import { MemorySink } from '../store/blob-writer.ts';
import { connectionError } from './connection-error.ts';
import { openConnections } from './connections.ts';
import { RetryableError } from './retry.ts';
import { roundTrip } from './round-trip.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: TLS errors, missing ${missing.join(', ')}\n`);

describe.skipIf(missing.length > 0)('a failed connection', () => {
  let folder: string;
  let certificates: Certificates;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'airgap-tls-'));
    certificates = await makeCertificates(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Sends a request to a server with TLS, or without. @returns the error */
  async function errorOf(scheme: string, host: string, tls: ServerOptions | undefined, trust = true) {
    const respond = (_request: unknown, response: { end(): void }) => response.end();
    const server = tls ? createHttpsServer(tls, respond as never) : createHttpServer(respond as never);
    await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve));
    const url = new URL(`${scheme}://${host}:${(server.address() as AddressInfo).port}/v2/`);
    const ca = trust ? [{ pem: readFileSync(certificates.ca, 'utf8') }] : [];
    const dispatcher = openConnections({ ca });
    try {
      await roundTrip(dispatcher, { method: 'GET', url, headers: {} }, () => new MemorySink(1000));
      return undefined;
    } catch (error) {
      return error instanceof RetryableError ? error.error : (error as AirgapError);
    } finally {
      await dispatcher.destroy();
      server.closeAllConnections();
      server.close();
    }
  }
  const pair = ({ cert, key }: Certificates['server']) => ({
    cert: readFileSync(cert),
    key: readFileSync(key),
  });

  it.each<[string, string, string, () => ServerOptions | undefined, boolean, RegExp, RegExp]>([
    [
      'with an unknown certificate authority',
      'https',
      'localhost',
      () => pair(certificates.server),
      false,
      /certificate of localhost:\d+ is not trusted/,
      /--ca localhost:\d+=FILE/,
    ],
    [
      'with an expired certificate',
      'https',
      'localhost',
      () => pair(certificates.expired),
      true,
      /has expired/,
      /Renew the certificate .* clock/,
    ],
    [
      'with a certificate for another name',
      'https',
      '127.0.0.2',
      () => pair(certificates.server),
      true,
      /not trusted/,
      /Use a name that the certificate/,
    ],
    [
      'with TLS to a plain port',
      'https',
      'localhost',
      () => undefined,
      true,
      /TLS handshake/,
      /--plain-http/,
    ],
    [
      'without TLS to a port with TLS',
      'http',
      'localhost',
      () => pair(certificates.server),
      true,
      /failed|not HTTP/,
      /remove --plain-http/,
    ],
    ...(['TLSv1.2', 'TLSv1.3'] as const).map(
      (version): [string, string, string, () => ServerOptions, boolean, RegExp, RegExp] => [
        `without a client certificate, ${version}`,
        'https',
        'localhost',
        () => ({
          ...pair(certificates.server),
          requestCert: true,
          rejectUnauthorized: true,
          ca: readFileSync(certificates.ca),
          maxVersion: version,
        }),
        true,
        /rejected the TLS handshake|failed/,
        /--cert/,
      ],
    ),
  ])('%s has a hint for it', async (_name, scheme, host, tls, trust, message, hint) => {
    const error = await errorOf(scheme, host, tls(), trust);
    expect(error).toMatchObject({ code: 'NETWORK' });
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(hint);
  });
});

describe('connectionError', () => {
  it.each([
    ['CERT_NOT_YET_VALID', /Check the clock/],
    ['CERT_HAS_EXPIRED', /clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /Use a name/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /--ca a.io=FILE/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /--ca a.io=FILE/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /--cert a.io=FILE/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /--cert a.io=FILE/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /--plain-http a.io/],
    ['ENOTFOUND', /spelling/],
    ['UND_ERR_HEADERS_OVERFLOW', /Shorten the headers/],
  ])('%s is final', (code, hint) => {
    const error = connectionError(Object.assign(new Error('x'), { code }), new URL('https://a.io/'));
    expect(error).toBeInstanceOf(AirgapError);
    expect((error as AirgapError).hint).toMatch(hint);
  });

  it.each([
    ['ECONNRESET', 'https://a.io/', undefined],
    ['ECONNREFUSED', 'https://a.io/', undefined],
    ['ECONNREFUSED', 'http://127.0.0.1:5000/', 2],
    ['ECONNREFUSED', 'http://[::1]:5000/', 2],
    ['EAI_AGAIN', 'https://a.io/', undefined],
  ])('%s at %s is retried, attempts %s', (code, url, attempts) => {
    const error = connectionError(Object.assign(new Error('x'), { code }), new URL(url));
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as RetryableError).attempts).toBe(attempts);
  });
});
