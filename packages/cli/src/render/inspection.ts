import type { InspectResult } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { printable } from './printable.ts';

/** What is in a bundle: each image with its layers, and how many images have each. */
export function renderInspection({
  path,
  size,
  images,
  blobs,
  blobBytes,
  sharedBytes,
}: InspectResult): string {
  const parts = images.map(({ name, digest, platforms, layers, bytes, uniqueBytes }) => {
    const head = `${printable(name)}\n  ${digest}  ${printable(platforms.join(', ')) || 'no platform'}  ${formatBytes(bytes)}, ${formatBytes(uniqueBytes)} of it its own\n`;
    const lines = layers.map(
      layer =>
        `    ${layer.digest}  ${formatBytes(layer.size).padStart(8)}${layer.sharedBy > 1 ? `  in ${layer.sharedBy} images` : ''}\n`,
    );
    return head + lines.join('');
  });
  const sums = `${printable(path)}: ${images.length} names, ${blobs} blobs, ${formatBytes(blobBytes)}; sharing saves ${formatBytes(sharedBytes)}; file ${formatBytes(size)}\n`;
  return [...parts, sums].join('\n');
}
