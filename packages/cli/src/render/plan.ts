import type { PlannedImage, PlanResult } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

/** A plan as a table of images and two lines of sums. */
export function renderPlan({ images, blobs, blobBytes, sharedBytes, bundleSize }: PlanResult): string {
  return [
    renderImages(images),
    `${blobs} blobs, ${formatBytes(blobBytes)} to download; sharing saves ${formatBytes(sharedBytes)}\n`,
    `bundle: ${formatBytes(bundleSize)} (${bundleSize} bytes)\n`,
  ].join('\n');
}

function renderImages(images: readonly PlannedImage[]): string {
  const columns = [
    { title: 'IMAGE' },
    { title: 'DIGEST' },
    { title: 'PLATFORM' },
    { title: 'LAYERS', align: 'right' as const },
    { title: 'SIZE', align: 'right' as const },
    { title: 'OWN', align: 'right' as const },
  ];
  return renderTable(
    columns,
    images.map(({ name, digest, platforms, layers, bytes, uniqueBytes }) => [
      printable(name),
      digest.slice(0, 19),
      printable(platforms.join(',') || '-'),
      String(layers),
      formatBytes(bytes),
      formatBytes(uniqueBytes),
    ]),
  );
}
