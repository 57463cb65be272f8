import { formatBytes, type Problem, type VerifyResult } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { printable } from './printable.ts';
import { renderMatch, renderSignatures, renderSums } from './signing.ts';

/** Renders the verification of a bundle: each problem with its place and images, the verdict, and what to do. */
export function renderVerification(result: VerifyResult, colors: Colors): string {
  const { path, problems } = result;
  const verdict = problems.length > 0 ? colors.red('FAILED') : colors.green('OK');
  const list = problems.map(problem => renderProblem(problem, colors)).join('');
  // The sum of the file is computed only where it is compared.
  const sums = result.fileDigest === undefined ? '' : renderSums(result);
  const head = `${list}${printable(path)}: ${verdict}: ${totalsOf(result)}${affected(result)}\n`;
  return `${head}${sums}${renderMatch(result)}${renderSignatures(result.signatures)}${advice(result, colors)}`;
}

/** Renders `3 names, 10 blobs, 28.0 MB`, and what a delta leaves to its base. */
function totalsOf({ form, images, blobs, bytes, missing }: VerifyResult): string {
  if (form === 'part') return `one part, ${formatBytes(bytes)}`;
  if (images.length === 0 && blobs === 0) return 'not a bundle';
  const totals = `${count(images.length, 'name')}, ${count(blobs, 'blob')}, ${formatBytes(bytes)}`;
  if (!missing || missing.blobs === 0) return totals;
  return `${totals}; ${count(missing.blobs, 'layer')}, ${formatBytes(missing.bytes)} expected from the base`;
}

/** Images that are listed for one problem. */
const MAX_IMAGES = 3;

/** Renders `; 5 of 12 images are damaged`. */
function affected({ images, problems }: VerifyResult): string {
  const damaged = damagedImages(problems).length;
  if (damaged === 0) return '';
  return `; ${damaged} of ${count(images.length, 'image')} ${damaged === 1 ? 'is' : 'are'} damaged`;
}

function damagedImages(problems: readonly Problem[]): string[] {
  return [...new Set(problems.flatMap(({ images = [] }) => images))];
}

/** What customer and vendor do about damaged content; nothing for a file that is no bundle. */
function advice({ path, problems }: VerifyResult, colors: Colors): string {
  if (damagedImages(problems).length === 0) return '';
  const sizes = new Map(problems.map(({ entry, size = 0 }) => [entry, size]));
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const next = colors.cyan('next:');
  return `  ${next} Customer: copy it again; a copy that was damaged on the way differs from the vendor's sha256sum.
  ${next} Vendor: airgap build … --reuse ${printable(path)} -o NEW downloads only what is damaged (${formatBytes(bytes)}).
`;
}

function renderProblem({ message, hint, entry, offset, images = [] }: Problem, colors: Colors): string {
  const parts: string[] = [];
  if (entry) parts.push(entry);
  if (offset !== undefined) parts.push(`at byte ${offset}`);
  const place = parts.length > 0 ? `  (${printable(parts.join(' '))})` : '';
  const next = hint === undefined ? '' : `  ${colors.cyan('next:')} ${printable(hint)}\n`;
  const shown = images.slice(0, MAX_IMAGES).map(printable).join(', ');
  const others = images.length > MAX_IMAGES ? ` and ${images.length - MAX_IMAGES} more` : '';
  const parents = images.length > 0 ? `  in ${shown}${others}\n` : '';
  return `${colors.red('problem')}: ${printable(message)}${place}\n${parents}${next}`;
}
