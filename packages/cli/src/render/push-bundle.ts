import { formatBytes, type PushBundleResult } from '@airgap/core';
import { count } from './count.ts';
import { shortDigest } from './digest.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';

/** Renders a push of a bundle: where it is, its digest, and what was sent. */
export function renderPushBundle(result: PushBundleResult): string {
  const { target, digest, dryRun, state, found, uploaded, elapsed } = result;
  const states = {
    pushed: dryRun ? 'to push' : 'pushed',
    present: 'up to date',
    skipped: `skipped (exists as ${printable(shortDigest(found ?? ''))})`,
  };
  const sent = `${count(uploaded.blobs, 'blob')}, ${formatBytes(uploaded.bytes)}`;
  const traffic = dryRun
    ? `${sent} to upload; nothing was pushed`
    : `${sent} uploaded in ${formatDuration(elapsed)}`;
  return `${printable(target)}: ${states[state]}, ${digest}\n${traffic}\n`;
}
