import { basename } from 'node:path';
import type { SignOptions } from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import { prompt } from '../prompt.ts';
import type { Session } from '../session.ts';

/** Options of the commands that read a bundle. */
export const publicKeyOption = new Option(
  '--public-key <file>',
  'refuse the bundle unless this key (PEM or minisign) has signed its checksums',
);
export const checksumsFileOption = new Option(
  '--checksums <file>',
  'the checksums that the bundle must match (default: BUNDLE.sha256)',
);
export const signatureOption = new Option(
  '--signature <file>',
  'the signature of the checksums (default: with .sigstore.json or .minisig after their name)',
);

/** Options of the commands that write a bundle. */
export const checksumsOption = new Option(
  '--checksums',
  'also write BUNDLE.sha256 and BUNDLE.index.json (reads the bundle once more)',
);
export const signOption = new Option(
  '--sign <key>',
  'write the checksums and sign them with this private key',
);

/** What is written beside a bundle, from its flags. */
export function sumsOptions(
  { checksums, sign }: { readonly checksums?: true | undefined; readonly sign?: string | undefined },
  session: Session,
): { readonly checksums?: boolean; readonly sign?: SignOptions } {
  return {
    ...(checksums && { checksums }),
    ...(sign === undefined ? {} : { sign: signOptions(sign, session) }),
  };
}

/** The key that signs, with its password from COSIGN_PASSWORD, or from the terminal. */
export function signOptions(key: string, { environment, signal }: Session): SignOptions {
  const ask = (path: string) =>
    prompt(`Password for ${basename(path)}: `, {
      hidden: true,
      signal,
      what: 'the password of the key',
      hint: 'Set COSIGN_PASSWORD.',
    });
  return { key, password: environment.keyPassword ?? ask };
}
