import { formatBytes } from '@airgap/core';
import { formatDuration } from '../render/duration.ts';
import { printable } from '../render/printable.ts';
import type { Progress } from './progress.ts';

/** Renders `1.2 GB of 2.4 GB (50 %), 310 MB/s, 4.1 s left`, and that it is an upload. */
export function progressLine(progress: Progress): string {
  const rate = progress.rate();
  const remaining = progress.remaining(rate);
  const eta = remaining === undefined ? '' : `, ${formatDuration(remaining)} left`;
  const percent = Math.floor(progress.fraction * 100);
  const verb = isUpload(progress) ? 'uploading ' : '';
  return `${verb}${formatBytes(progress.moved)} of ${formatBytes(progress.total)} (${percent} %), ${formatBytes(rate)}/s${eta}`;
}

/** Renders `resolved 3 of 12 images`. The total is unknown until the first image is resolved. */
function resolvingLine({ resolved, names }: Progress): string {
  return names > 0 ? `resolved ${resolved} of ${names} images` : 'resolving images';
}

/** Whether bytes go to a registry or a runtime. */
export function isUpload({ phase, host }: Progress): boolean {
  return phase === 'move' && host !== undefined;
}

/** Renders what is going on while no bytes move; undefined while they do, or before anything is known. */
export function phaseLine(progress: Progress): string | undefined {
  switch (progress.phase) {
    case 'resolve':
      return resolvingLine(progress);
    case 'query':
      return `asking ${printable(progress.host ?? 'the target')} what it has${stepsOf(progress)}`;
    case 'tag':
      return `tagging${stepsOf(progress)}`;
    case 'decompress':
      return `decompressing layers${stepsOf(progress)}`;
    case 'check':
      return `checking ${printable(progress.host ?? 'the target')}${stepsOf(progress)}`;
    default:
      return undefined;
  }
}

function stepsOf({ steps: { done, total } }: Progress): string {
  return total > 0 ? ` (${done} of ${total})` : ' …';
}

/** Shorter times, in ms, say nothing about the rate. */
const MIN_AVERAGED = 100;

/** Renders `2.4 GB in 7.7 s, 310 MB/s on average`. Local bytes are no part of the average. */
export function summaryLine({ total, local, elapsed }: Progress): string {
  const average =
    elapsed >= MIN_AVERAGED ? `, ${formatBytes(((total - local) / elapsed) * 1000)}/s on average` : '';
  return `${formatBytes(total)} in ${formatDuration(elapsed)}${average}`;
}
