import type { AirgapEvent } from '@airgap/core';
import { formatBytes } from '../render/bytes.ts';
import { formatDuration } from '../render/duration.ts';
import { messageFor } from './messages.ts';
import { Progress } from './progress.ts';
import type { Reporter, Screen } from './reporter.ts';

const INTERVAL = 5_000;

/** A line now and then, for logs and pipes. */
export function plainReporter(screen: Screen): Reporter {
  const progress = new Progress();
  const line = (text: string) => screen.write(`${text}\n`);
  const timer = setInterval(() => {
    if (progress.total > 0) line(progressLine(progress));
    else if (progress.names > 0) line(`resolved ${progress.resolved} of ${progress.names} images`);
  }, INTERVAL);
  timer.unref();
  return {
    onEvent(event: AirgapEvent) {
      progress.add(event);
      const message = messageFor(event);
      if (message !== undefined) line(message);
      if (event.type === 'planned')
        line(`${event.blobs} blobs, ${formatBytes(event.bytes)} to move, ${formatBytes(event.size)} in all`);
    },
    close() {
      clearInterval(timer);
    },
  };
}

/** `1.2 GB of 2.4 GB (50 %), 310 MB/s, 4.1 s left`. */
export function progressLine(progress: Progress): string {
  const rate = progress.rate();
  const remaining = progress.remaining(rate);
  const percent = progress.total > 0 ? Math.floor((progress.moved / progress.total) * 100) : 100;
  const left = remaining === undefined ? '' : `, ${formatDuration(remaining)} left`;
  return `${formatBytes(progress.moved)} of ${formatBytes(progress.total)} (${percent} %), ${formatBytes(rate)}/s${left}`;
}
