import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The size limit of a file, in bytes. */
const MAX_SIZE = 16 * 1024 * 1024;

/** One text of PEM certificates; it applies to all hosts. */
interface Authorities {
  readonly host: undefined;
  readonly pem: string;
}

/**
 * Reads the certificate authorities in folders, as OpenSSL and Go do with SSL_CERT_DIR: what cannot be read, or is no
 * certificate, is ignored. Such folders have links to the same files, which are read once.
 */
export async function readAuthorityFolders(folders: readonly string[]): Promise<readonly Authorities[]> {
  const texts = new Set((await Promise.all(folders.map(readCertificates))).flat());
  return texts.size === 0 ? [] : [{ host: undefined, pem: [...texts].join('\n') }];
}

async function readCertificates(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(names.sort().map(name => readIfFile(join(folder, name))));
  return texts.filter(isCertificate);
}

/** Reads a file; a pipe would wait for its writer. */
async function readIfFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= MAX_SIZE ? await readFile(path, 'utf8') : '';
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
