import { type BuildResult, formatBytes } from '@airgap/core';
import { count } from './count.ts';
import { formatDuration } from './duration.ts';
import { leftOut } from './kots.ts';
import { renderPlan } from './plan.ts';
import { printable } from './printable.ts';
import { renderSideFiles, renderSums } from './signing.ts';
import { renderParts } from './written.ts';

/**
 * Renders a finished build: its plan, where its bytes came from, the bundle, its sums, and what the other side needs.
 *
 * @param program the path of the copy of this program, if there is one
 */
export function renderBuild(result: Omit<BuildResult, 'sources'>, program?: string): string {
  const { path = 'streamed', parts, size, elapsed, transferred } = result;
  const bundle = `${printable(path)}: ${formatBytes(size)}${renderParts(parts)} in ${formatDuration(elapsed)}\n`;
  const head = `${renderPlan(result)}${transferLine(transferred)}${missingLine(result)}${leftOutLine(result)}${bundle}`;
  return head + renderSums(result) + renderSideFiles(result) + nextLine(result, program);
}

/** Only airgap reads parts and deltas. */
function nextLine(
  { parts, missing, kots }: Pick<BuildResult, 'parts' | 'missing' | 'kots'>,
  program?: string,
): string {
  const needs = program === undefined ? 'airgap' : printable(program);
  if (kots) return `on the other side, KOTS or ${needs} loads it\n`;
  const others = parts || missing ? '' : ', docker, podman, ctr or skopeo';
  return `on the other side, ${needs}${others} loads it\n`;
}

/** Renders `delta: 24 layers (2.1 GB) left to the base`; empty for a complete bundle. */
function missingLine({ missing }: Pick<BuildResult, 'missing'>): string {
  if (missing === undefined) return '';
  return `delta: ${count(missing.blobs, 'layer')} (${formatBytes(missing.bytes)}) left to the base\n`;
}

/** Renders what a `.airgap` leaves out; empty for a complete one. */
function leftOutLine({ kots }: Pick<BuildResult, 'kots'>): string {
  const parts = kots ? leftOut(kots) : [];
  return parts.length === 0 ? '' : `${parts.join(', ')}\n`;
}

/** Renders `downloaded 120 MB, reused 3.1 GB of local bundles, resumed 40.0 MB`; the last two only if there are any. */
function transferLine({ downloaded, reused, resumed }: BuildResult['transferred']): string {
  const parts = [`downloaded ${formatBytes(downloaded)}`];
  if (reused > 0) parts.push(`reused ${formatBytes(reused)} of local bundles`);
  if (resumed > 0) parts.push(`resumed ${formatBytes(resumed)}`);
  return `${parts.join(', ')}\n`;
}
