import type { PlannedImage, PlanResult } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { count } from './count.ts';
import { shortDigest } from './digest.ts';
import { printable } from './printable.ts';
import { renderSignatures } from './signing.ts';
import { renderTable } from './table.ts';

const FROM = { title: 'FROM' };
const COLUMNS = [
  { title: 'IMAGE' },
  { title: 'DIGEST' },
  { title: 'PLATFORM' },
  { title: 'LAYERS', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'UNIQUE', align: 'right' },
] as const;

/** Renders a plan: a table of images and two lines of totals. Where images come from is shown if it differs. */
export function renderPlan(plan: Omit<PlanResult, 'sources'>): string {
  const { images, blobs, blobBytes, sharedBytes, bundleSize } = plan;
  const hasLocal = images.some(({ from }) => from !== undefined);
  const table = hasLocal
    ? renderTable([...COLUMNS, FROM], images.map(rowWithSource))
    : renderTable(COLUMNS, images.map(row));
  const totals = `${count(images.length, 'name')}, ${count(blobs, 'blob')}, ${formatBytes(blobBytes)}${hasLocal ? '' : ' to download'}; deduplication saves ${formatBytes(sharedBytes)}\n`;
  return `${table}\n${totals}bundle: ${formatBytes(bundleSize)} (${bundleSize} bytes)\n${renderSignatures(plan.signatures)}`;
}

function row({ name, digest, platforms, layers, bytes, uniqueBytes }: PlannedImage): string[] {
  return [
    printable(name),
    printable(shortDigest(digest)),
    printable(platforms.join(',')) || '-',
    String(layers),
    formatBytes(bytes),
    formatBytes(uniqueBytes),
  ];
}

function rowWithSource(image: PlannedImage): string[] {
  const [registry = ''] = image.name.split('/', 1);
  return [...row(image), printable(image.from ?? registry)];
}
