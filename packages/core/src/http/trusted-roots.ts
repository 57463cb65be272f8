import { existsSync, readFileSync } from 'node:fs';
import * as tls from 'node:tls';

/** Where systems store trusted certificate authorities; the first existing file is used, as in Go. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

let cached: readonly string[] | undefined;

/** The trusted root certificates in PEM: those of the system, which may include private ones, or else those of Node. */
export function trustedRoots(): readonly string[] {
  cached ??= systemBundle() ?? tls.rootCertificates;
  return cached;
}

/** Whether the certificates of a PEM text are among the trusted roots, which is their usual place. */
export function isTrustedRoot(pem: string): boolean {
  const text = pem.trim();
  return trustedRoots().some(roots => roots.includes(text));
}

function systemBundle(): string[] | undefined {
  const path = SYSTEM_BUNDLES.find(existsSync);
  if (path === undefined) return undefined;
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    // Unreadable: fall back to the certificates of Node.
    return undefined;
  }
}
