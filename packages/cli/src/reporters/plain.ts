import { type AirgapEvent, formatBytes } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from '../render/count.ts';
import { phaseLine, progressLine, summaryLine } from './lines.ts';
import { messageFor } from './messages.ts';
import { Progress } from './progress.ts';
import type { Reporter, ReporterOptions, Screen } from './reporter.ts';

const INTERVAL = 5_000;

/** Creates a reporter for logs and pipes: a line every few seconds, and one when a phase ends. */
export function plainReporter(
  screen: Screen,
  colors: Colors,
  { now, isVerbose }: ReporterOptions = {},
): Reporter {
  const progress = new Progress(now);
  let summarised = false;
  const line = (text: string) => screen.write(`${text}\n`);
  const summarise = () => {
    if (!progress.complete || summarised) return;
    line(summaryLine(progress));
    summarised = true;
  };
  const timer = setInterval(() => {
    const phase = phaseLine(progress);
    if (phase !== undefined) line(phase);
    else if (progress.total > 0 && !summarised) line(progressLine(progress));
  }, INTERVAL);
  timer.unref();
  return {
    onEvent(event: AirgapEvent) {
      if (event.type === 'phase') summarise();
      progress.add(event);
      const message = messageFor(event, colors, isVerbose);
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
