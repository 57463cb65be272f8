import { formatBytes, type KotsImage, type KotsResult, type WrittenAirgap } from '@airgap/core';

import { count } from './count.ts';
import { shortDigest } from './digest.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

const COLUMNS = [{ title: 'IMAGE' }, { title: 'DESTINATION' }, { title: 'DIGEST' }];

/** Renders a `.airgap`: a table of images, and a line of totals. */
export function renderKots({ path, size, images, omittedImages, omitted, elapsed }: KotsResult): string {
  const totals = [count(images.length, 'image'), formatBytes(size), ...leftOut({ omitted, omittedImages })];
  const table = images.length > 0 ? `${renderTable(COLUMNS, images.map(row))}\n` : '';
  return `${table}${printable(path)}: ${totals.join(', ')} in ${formatDuration(elapsed)}\n`;
}

/** Renders what a delta leaves out: `24 layers (2.1 GB) left out`, `3 unchanged images left out`. */
export function leftOut({
  omitted,
  omittedImages,
}: Pick<WrittenAirgap, 'omitted' | 'omittedImages'>): string[] {
  return [
    ...(omitted.blobs > 0
      ? [`${count(omitted.blobs, 'layer')} (${formatBytes(omitted.bytes)}) left out`]
      : []),
    ...(omittedImages.length > 0 ? [`${count(omittedImages.length, 'unchanged image')} left out`] : []),
  ];
}

/** Renders the warnings, a line each. */
export function renderKotsWarnings(warnings: readonly string[], base: string | undefined): string {
  const notices = base === undefined ? [] : [`notice: load ${base} first: this archive lacks what it has`];
  return [...warnings.map(warning => `warning: ${warning}`), ...notices]
    .map(line => `${printable(line)}\n`)
    .join('');
}

function row({ name, destination, digest }: KotsImage): string[] {
  return [printable(name), printable(destination), printable(shortDigest(digest))];
}
