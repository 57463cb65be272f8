import { formatBytes } from '../render/bytes.ts';
import { formatDuration } from '../render/duration.ts';
import type { Progress } from './progress.ts';

/** Renders `1.2 GB of 2.4 GB (50 %), 310 MB/s, 4.1 s left`. */
export function progressLine(progress: Progress): string {
  const rate = progress.rate();
  const remaining = progress.remaining(rate);
  const eta = remaining === undefined ? '' : `, ${formatDuration(remaining)} left`;
  const percent = Math.floor(progress.fraction * 100);
  return `${formatBytes(progress.moved)} of ${formatBytes(progress.total)} (${percent} %), ${formatBytes(rate)}/s${eta}`;
}

/** Renders `resolved 3 of 12 images`. The total is unknown until the first image is resolved. */
export function resolvingLine({ resolved, names }: Progress): string {
  return names > 0 ? `resolved ${resolved} of ${names} images` : 'resolving images';
}

/** Renders `2.4 GB in 7.7 s, 310 MB/s on average`. Local bytes are no part of the average. */
export function summaryLine({ total, local, elapsed }: Progress): string {
  const average = elapsed > 0 ? `, ${formatBytes(((total - local) / elapsed) * 1000)}/s on average` : '';
  return `${formatBytes(total)} in ${formatDuration(elapsed)}${average}`;
}
