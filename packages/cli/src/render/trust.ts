import type { TrustedConfig, TrustResult } from '@airgap/core';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

/** Renders what a trusted config may do from now on. */
export function renderTrust({ path, sha256, credentials, mirrors, signatures }: TrustResult): string {
  const lines = [
    `trusted: ${path}`,
    `  sha256:${sha256}`,
    ...Object.entries(credentials).map(([host, from]) => `  credentials for ${host} from ${from}`),
    ...Object.entries(mirrors).map(([host, urls]) => `  mirror of ${host}: ${urls.join(', ')}`),
    ...signatures.map(({ pattern, key }) => `  signatures of ${pattern}: ${key ?? 'none needed'}`),
  ];
  return lines.map(line => `${printable(line)}\n`).join('');
}

/** Renders the list of trusted configs. */
export function renderTrusted({ trusted }: { readonly trusted: readonly TrustedConfig[] }): string {
  if (trusted.length === 0) return 'no config is trusted\n';
  const columns = [{ title: 'STATE' }, { title: 'CONFIG' }];
  return renderTable(
    columns,
    trusted.map(({ state, path }) => [state, printable(path)]),
  );
}
