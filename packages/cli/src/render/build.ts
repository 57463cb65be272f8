import type { BuildResult } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { formatDuration } from './duration.ts';
import { renderPlan } from './plan.ts';
import { printable } from './printable.ts';
import { renderSums, renderWritten } from './signing.ts';

/**
 * Renders a finished build: its plan, where its bytes came from, the bundle, its sums, and what the other side needs.
 *
 * @param program the path of the copy of this program, if there is one
 */
export function renderBuild(result: Omit<BuildResult, 'sources'>, program?: string): string {
  const { path = 'streamed', size, elapsed, transferred } = result;
  const bundle = `${printable(path)}: ${formatBytes(size)} in ${formatDuration(elapsed)}\n`;
  const needs = program === undefined ? 'airgap' : printable(program);
  const next = `on the other side, ${needs}, docker, podman, ctr or skopeo loads it\n`;
  const head = `${renderPlan(result)}${transferLine(transferred)}${bundle}`;
  return head + renderSums(result) + renderWritten(result) + next;
}

/** Renders `downloaded 120 MB, reused 3.1 GB of local bundles, resumed 40.0 MB`; the last two only if there are any. */
function transferLine({ downloaded, reused, resumed }: BuildResult['transferred']): string {
  const parts = [`downloaded ${formatBytes(downloaded)}`];
  if (reused > 0) parts.push(`reused ${formatBytes(reused)} of local bundles`);
  if (resumed > 0) parts.push(`resumed ${formatBytes(resumed)}`);
  return `${parts.join(', ')}\n`;
}
