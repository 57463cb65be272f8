import { type AirgapEvent, formatBytes } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { shortDigest } from '../render/digest.ts';
import { printable } from '../render/printable.ts';
import { clip } from '../render/width.ts';
import { progressLine, resolvingLine, summaryLine } from './lines.ts';
import { messageFor } from './messages.ts';
import { Progress, type Transfer } from './progress.ts';
import type { Reporter, Screen } from './reporter.ts';

/** Redraw interval in ms. */
const INTERVAL = 100;
const MAX_TRANSFERS = 6;
const BAR = 24;
const NARROW = 60;

/** Creates a reporter with a live block: total progress and the largest blobs in transfer. Messages scroll above it. */
export function ttyReporter(screen: Screen, colors: Colors, now?: () => number): Reporter {
  const progress = new Progress(now);
  let drawn = 0;
  const replaceBlock = (lines: readonly string[], above = '') => {
    const erase = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '';
    const text = `${erase}${above}${lines.map(line => `${line}\n`).join('')}`;
    if (text !== '') screen.write(text);
    drawn = lines.length;
  };
  const draw = (above?: string) => replaceBlock(block(progress, (screen.columns || 80) - 1, colors), above);
  const timer = setInterval(draw, INTERVAL);
  timer.unref();
  return {
    onEvent(event: AirgapEvent) {
      progress.add(event);
      const message = messageFor(event, colors);
      if (message !== undefined) draw(message);
    },
    close() {
      clearInterval(timer);
      replaceBlock(progress.complete ? [summaryLine(progress)] : []);
    },
  };
}

function block(progress: Progress, width: number, colors: Colors): string[] {
  switch (progress.phase) {
    case undefined:
    case 'read':
      return [];
    case 'resolve':
      return [clip(resolvingLine(progress), width)];
    case 'finish':
      return [clip('writing to disk …', width)];
    default:
      return [headLine(progress, width, colors), ...transferLines(progress, width, colors)];
  }
}

function headLine(progress: Progress, width: number, colors: Colors): string {
  if (width < NARROW) return clip(progressLine(progress), width);
  const full = Math.round(progress.fraction * BAR);
  const bar = colors.green('█'.repeat(full)) + colors.dim('░'.repeat(BAR - full));
  return `${bar} ${clip(progressLine(progress), width - BAR - 1)}`;
}

function transferLines({ transfers }: Progress, width: number, colors: Colors): string[] {
  const largest = [...transfers.values()].sort((a, b) => b.size - a.size).slice(0, MAX_TRANSFERS);
  const more = transfers.size - largest.length;
  const lines = largest.map(transfer => transferLine(transfer));
  if (more > 0) lines.push(`  and ${more} more`);
  return lines.map(line => colors.dim(clip(line, width)));
}

function transferLine({ digest, size, received, image = '' }: Transfer): string {
  const sizes = `${formatBytes(received).padStart(8)} of ${formatBytes(size).padEnd(8)}`;
  return `  ${printable(shortDigest(digest))}  ${sizes}  ${printable(image)}`.trimEnd();
}
