import type { AirgapEvent } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatBytes } from '../render/bytes.ts';
import { count } from '../render/count.ts';
import { progressLine, resolvingLine, summaryLine } from './lines.ts';
import { messageFor } from './messages.ts';
import { Progress } from './progress.ts';
import type { Reporter, Screen } from './reporter.ts';

const INTERVAL = 5_000;

/** A line now and then and at the end of each part, for logs and pipes. */
export function plainReporter(screen: Screen, colors: Colors, now?: () => number): Reporter {
  const progress = new Progress(now);
  let summed = false;
  const line = (text: string) => screen.write(`${text}\n`);
  const summarise = () => {
    if (progress.complete && !summed) line(summaryLine(progress));
    summed ||= progress.complete;
  };
  const timer = setInterval(() => {
    if (progress.phase === 'resolve') line(resolvingLine(progress));
    else if (progress.total > 0 && !summed) line(progressLine(progress));
  }, INTERVAL);
  timer.unref();
  return {
    onEvent(event: AirgapEvent) {
      if (event.type === 'phase') summarise();
      progress.add(event);
      const message = messageFor(event, colors);
      if (message !== undefined) screen.write(message);
      if (event.type === 'planned') line(plannedLine(progress));
    },
    close() {
      clearInterval(timer);
      summarise();
    },
  };
}

function plannedLine({ names, blobs, total }: Progress): string {
  const resolved = names > 0 ? `resolved ${count(names, 'image')}: ` : '';
  return `${resolved}${count(blobs, 'blob')}, ${formatBytes(total)}`;
}
