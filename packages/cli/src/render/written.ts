import { type DeltaResult, formatBytes, type WrittenBundle } from '@airgap/core';
import { count } from './count.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { renderSideFiles, renderSums } from './signing.ts';

/** Renders a bundle that was written: its path, size and digest, and its checksums. */
export function renderWritten(result: WrittenBundle): string {
  const { path, parts, size, digest, fileDigest, elapsed } = result;
  const sum = fileDigest === undefined ? {} : { fileDigest };
  const end = `${formatBytes(size)}${renderParts(parts)} in ${formatDuration(elapsed)}, ${digest}`;
  return `${printable(path)}: ${end}\n${renderSums(sum)}${renderSideFiles(result)}`;
}

/** Renders a delta that was written: what it leaves to its base, then as a bundle. */
export function renderDelta(result: DeltaResult): string {
  const { missing, fullSize } = result;
  const layers = `${count(missing.blobs, 'layer')}, ${formatBytes(missing.bytes)}`;
  return `${layers} left to the base; the complete bundle has ${formatBytes(fullSize)}\n${renderWritten(result)}`;
}

/** Renders ` in 6 parts`; empty for a single file. */
export function renderParts(parts: readonly string[] | undefined): string {
  return parts === undefined ? '' : ` in ${count(parts.length, 'part')}`;
}
