import type { BuildResult, ImageSignature, InspectResult, SignResult, VerifyResult } from '@airgap/core';
import { printable } from './printable.ts';

/** Renders the sums and files of a signed bundle. */
export function renderSigning(result: SignResult): string {
  return `${renderSums(result)}${renderSideFiles(result)}`;
}

/** Renders `index sha256:…`, and `file sha256:…` if the sum of the file is known. */
export function renderSums({ digest, fileDigest }: { digest?: string; fileDigest?: string }): string {
  const index = digest === undefined ? '' : `index ${printable(digest)}\n`;
  return fileDigest === undefined ? index : `${index}file ${printable(fileDigest)}\n`;
}

/** Renders the paths of checksums and their signature, if they were written. */
export function renderSideFiles({
  checksums,
  signature,
}: Pick<BuildResult, 'checksums' | 'signature'>): string {
  const line = (what: string, path: string | undefined) => (path ? `${what} ${printable(path)}\n` : '');
  return line('checksums', checksums) + line('signature', signature);
}

/** Renders the checksums that a bundle matches. */
export function renderMatch({ checksums }: Pick<VerifyResult, 'checksums'>): string {
  if (checksums === undefined) return '';
  const { path, signedBy } = checksums;
  const listed = `listed in ${printable(path)}`;
  if (signedBy === undefined) return `${listed} (not signed)\n`;
  return `${listed}, signed by ${printable(signedBy)} (key only, no transparency log)\n`;
}

/** Renders one line for each image that the policy for signatures is about. */
export function renderSignatures(signatures: readonly ImageSignature[]): string {
  return signatures.map(({ image, message }) => `${printable(image)}: ${printable(message)}\n`).join('');
}

/** Renders checksums that were not compared with anything. */
export function renderRecorded({ checksums }: Pick<InspectResult, 'checksums'>): string {
  if (checksums === undefined) return '';
  const lines = checksums.files.map(({ name, digest }) => `  ${digest}  ${printable(name)}\n`);
  return `${printable(checksums.path)} (recorded, not checked):\n${lines.join('')}`;
}
