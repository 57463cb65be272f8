import { formatBytes, type Problem, type VerifyResult } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { printable } from './printable.ts';
import { renderMatch, renderSignatures, renderSums } from './signing.ts';

/** Renders the verification of a bundle: each problem with its place, then the verdict. */
export function renderVerification(result: VerifyResult, colors: Colors): string {
  const { path, form, images, blobs, bytes, missing, problems } = result;
  const verdict = problems.length > 0 ? colors.red('FAILED') : colors.green('OK');
  const content = form === 'part' ? 'one part' : `${count(images.length, 'name')}, ${count(blobs, 'blob')}`;
  const totals = `${content}, ${formatBytes(bytes)}`;
  const delta =
    missing && missing.blobs > 0
      ? `; ${count(missing.blobs, 'layer')}, ${formatBytes(missing.bytes)} expected from the base`
      : '';
  const list = problems.map(problem => renderProblem(problem, colors)).join('');
  // The sum of the file is computed only where it is compared.
  const sums = result.fileDigest === undefined ? '' : renderSums(result);
  const head = `${list}${printable(path)}: ${verdict}: ${totals}${delta}\n`;
  return `${head}${sums}${renderMatch(result)}${renderSignatures(result.signatures)}`;
}

function renderProblem({ message, entry, offset }: Problem, colors: Colors): string {
  const parts: string[] = [];
  if (entry) parts.push(entry);
  if (offset !== undefined) parts.push(`at byte ${offset}`);
  const place = parts.length > 0 ? `  (${printable(parts.join(' '))})` : '';
  return `${colors.red('problem')}: ${printable(message)}${place}\n`;
}
