import { existsSync, readFileSync } from 'node:fs';
import * as tls from 'node:tls';

/** Where systems keep the authorities that they trust; the first that is there counts (as Go has it). */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

let known: readonly string[] | undefined;

/** The certificates that are trusted everywhere, in PEM: the system's, where companies add theirs, else Node's own. */
export function trustedRoots(): readonly string[] {
  known ??= systemBundle() ?? tls.rootCertificates;
  return known;
}

function systemBundle(): string[] | undefined {
  const path = SYSTEM_BUNDLES.find(existsSync);
  if (path === undefined) return undefined;
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    // Node's own have to do where the system's cannot be read.
    return undefined;
  }
}
