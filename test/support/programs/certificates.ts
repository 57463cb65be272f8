import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './program.ts';

/** Paths of PEM files: a private certificate authority, and certificates for `localhost` and for a client. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  /** A certificate of the server that expired yesterday. */
  readonly expired: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Creates the certificates with openssl. @param names more names of the server, for example `IP:192.0.2.1` */
export async function makeCertificates(folder: string, ...names: string[]): Promise<Certificates> {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => output('openssl', ...args);
  const ca = { cert: file('ca.crt'), key: file('ca.key') };
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    ca.key,
    '-out',
    ca.cert,
  );
  const sign = async (name: string, extension: string, days = 2) => {
    const cert = file(`${name}.crt`);
    const key = file(`${name}.key`);
    const request = file(`${name}.csr`);
    const extensions = file(`${name}.ext`);
    writeFileSync(extensions, extension);
    await openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key,
      '-out',
      request,
    );
    await openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      ca.cert,
      '-CAkey',
      ca.key,
      '-CAcreateserial',
      '-days',
      String(days),
      '-extfile',
      extensions,
      '-out',
      cert,
    );
    return { cert, key };
  };
  const extension = `subjectAltName=${['DNS:localhost', ...names].join()}\nextendedKeyUsage=serverAuth\n`;
  return {
    ca: ca.cert,
    server: await sign('localhost', extension),
    expired: await sign('expired', extension, -1),
    client: await sign('client', 'extendedKeyUsage=clientAuth\n'),
  };
}
