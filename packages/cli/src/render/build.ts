import type { BuildResult } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { formatDuration } from './duration.ts';
import { renderPlan } from './plan.ts';
import { printable } from './printable.ts';
import { renderSums, renderWritten } from './signing.ts';

/** Renders a finished build: its plan, where its bytes came from, the bundle and its sums. */
export function renderBuild(result: Omit<BuildResult, 'sources'>): string {
  const { path = 'streamed', size, elapsed, transferred } = result;
  const bundle = `${printable(path)}: ${formatBytes(size)} in ${formatDuration(elapsed)}\n`;
  const head = `${renderPlan(result)}${transferLine(transferred)}${bundle}`;
  return head + renderSums(result) + renderWritten(result);
}

/** Renders `downloaded 120 MB, reused 3.1 GB of local bundles, resumed 40.0 MB`; the last two only if there are any. */
function transferLine({ downloaded, reused, resumed }: BuildResult['transferred']): string {
  const parts = [`downloaded ${formatBytes(downloaded)}`];
  if (reused > 0) parts.push(`reused ${formatBytes(reused)} of local bundles`);
  if (resumed > 0) parts.push(`resumed ${formatBytes(resumed)}`);
  return `${parts.join(', ')}\n`;
}
