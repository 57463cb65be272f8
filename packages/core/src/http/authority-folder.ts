import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isTrustedRoot } from './trusted-roots.ts';

/** The size limit of a file, in bytes. */
const MAX_SIZE = 16 * 1024 * 1024;

/**
 * Reads the certificate authorities in folders, as OpenSSL and Go do with SSL_CERT_DIR, each as PEM: what cannot be
 * read, or is no certificate, is ignored, and so are the trusted roots. Such folders have links to the same files;
 * each text is returned once.
 */
export function readAuthorityFolders(folders: readonly string[]): string[] {
  const texts = new Set(folders.flatMap(readFolder));
  return [...texts].filter(text => !isTrustedRoot(text)).filter(isCertificate);
}

function readFolder(folder: string): string[] {
  return namesIn(folder).map(name => readIfFile(join(folder, name)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Reads a file; a pipe would wait for its writer. */
function readIfFile(path: string): string {
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= MAX_SIZE ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text) !== undefined;
  } catch {
    return false;
  }
}
