import type { InspectedImage, InspectedLayer, InspectResult } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { count } from './count.ts';
import { renderPlatforms } from './platforms.ts';
import { printable } from './printable.ts';
import { renderRecorded, renderSignatures, renderSums } from './signing.ts';

/** Renders the contents of a bundle: each image with its layers, and how many images share each layer. */
export function renderInspection(result: InspectResult): string {
  const { path, size, images, blobs, blobBytes, sharedBytes } = result;
  const totals = `${printable(path)}: ${count(images.length, 'name')}, ${count(blobs, 'blob')}, ${formatBytes(blobBytes)}; deduplication saves ${formatBytes(sharedBytes)}; file ${formatBytes(size)}\n`;
  return (
    [...images.map(renderImage), totals].join('\n') +
    renderSums(result) +
    renderRecorded(result) +
    renderSignatures(result.signatures)
  );
}

function renderImage(image: InspectedImage): string {
  const { name, digest, layers, bytes, uniqueBytes } = image;
  const head = `${printable(name)}\n  ${printable(digest)}  ${renderPlatforms(image)}  ${formatBytes(bytes)}, ${formatBytes(uniqueBytes)} unique\n`;
  return head + layers.map(renderLayer).join('');
}

function renderLayer({ digest, size, sharedBy }: InspectedLayer): string {
  const shared = sharedBy > 1 ? `  in ${sharedBy} images` : '';
  return `    ${printable(digest)}  ${formatBytes(size).padStart(8)}${shared}\n`;
}
