import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from './program.ts';

/** A private certificate authority, with certificates for `localhost` and for a client: paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  /** The server's, until yesterday. */
  readonly expired: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Has openssl make them all. @param names more of the server, for example `IP:192.0.2.1` */
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
    const [cert, key, request, extensions] = [`${name}.crt`, `${name}.key`, `${name}.csr`, `${name}.ext`].map(
      file,
    ) as [string, string, string, string];
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
