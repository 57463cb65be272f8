import { type BuildResult, formatBytes } from '@airgap/core';
import { count } from './count.ts';
import { formatDuration } from './duration.ts';
import { renderPlan } from './plan.ts';
import { printable } from './printable.ts';
import { renderSums, renderWritten } from './signing.ts';
import { renderParts } from './written.ts';

/** Renders a finished build: its plan, where its bytes came from, the bundle and its sums. */
export function renderBuild(result: Omit<BuildResult, 'sources'>): string {
  const { path = 'streamed', parts, size, elapsed, transferred } = result;
  const bundle = `${printable(path)}: ${formatBytes(size)}${renderParts(parts)} in ${formatDuration(elapsed)}\n`;
  const head = `${renderPlan(result)}${transferLine(transferred)}${missingLine(result)}${bundle}`;
  return head + renderSums(result) + renderWritten(result);
}

/** Renders `delta: 24 layers (2.1 GB) left to the base`; empty for a complete bundle. */
function missingLine({ missing }: Pick<BuildResult, 'missing'>): string {
  if (missing === undefined) return '';
  return `delta: ${count(missing.blobs, 'layer')} (${formatBytes(missing.bytes)}) left to the base\n`;
}

/** Renders `downloaded 120 MB, reused 3.1 GB of local bundles, resumed 40.0 MB`; the last two only if there are any. */
function transferLine({ downloaded, reused, resumed }: BuildResult['transferred']): string {
  const parts = [`downloaded ${formatBytes(downloaded)}`];
  if (reused > 0) parts.push(`reused ${formatBytes(reused)} of local bundles`);
  if (resumed > 0) parts.push(`resumed ${formatBytes(resumed)}`);
  return `${parts.join(', ')}\n`;
}
