import type { AirgapEvent } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatBytes } from '../render/bytes.ts';
import { messageFor } from './messages.ts';
import { progressLine } from './plain.ts';
import { type Flight, Progress } from './progress.ts';
import type { Reporter, Screen } from './reporter.ts';

const INTERVAL = 100;
const MAX_FLIGHTS = 6;
const BAR = 24;
const ERASE_LINE = '\u001b[2K';

/** One live block: the whole, and the largest blobs in flight. Messages scroll by above it. */
export function ttyReporter(screen: Screen, colors: Colors): Reporter {
  const progress = new Progress();
  let drawn = 0;
  const erase = () => {
    if (drawn > 0) screen.write(`\u001b[${drawn}A${`${ERASE_LINE}\u001b[1B`.repeat(drawn)}\u001b[${drawn}A`);
    drawn = 0;
  };
  const draw = () => {
    const width = (screen.columns ?? 80) - 1;
    const lines = block(progress, width, colors);
    erase();
    screen.write(lines.map(line => `${line}\n`).join(''));
    drawn = lines.length;
  };
  const timer = setInterval(draw, INTERVAL);
  timer.unref();
  return {
    onEvent(event: AirgapEvent) {
      progress.add(event);
      const message = messageFor(event);
      if (message === undefined) return;
      erase();
      screen.write(`${message}\n`);
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}

function block(progress: Progress, width: number, colors: Colors): string[] {
  if (progress.phase === 'read') return [];
  if (progress.phase === 'resolve')
    return [clip(`resolving: ${progress.resolved} of ${progress.names || '…'} images`, width)];
  if (progress.phase === 'finish') return [clip('writing to disk …', width)];
  const flights = [...progress.flights.values()].sort((a, b) => b.size - a.size).slice(0, MAX_FLIGHTS);
  const share = progress.total > 0 ? progress.moved / progress.total : 0;
  const text = clip(progressLine(progress), width - BAR - 1);
  return [
    `${colors.green(bar(share))} ${text}`,
    ...flights.map(flight => colors.dim(clip(flightLine(flight), width))),
  ];
}

function flightLine({ digest, size, received }: Flight): string {
  return `  ${digest.slice(0, 19)}  ${formatBytes(received).padStart(8)} of ${formatBytes(size)}`;
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : line.slice(0, Math.max(0, width));
}
