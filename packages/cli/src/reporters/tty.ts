import type { AirgapEvent } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { widthOf } from '../render/width.ts';
import { progressBlock } from './block.ts';
import { summaryLine } from './lines.ts';
import { messageFor } from './messages.ts';
import { Progress } from './progress.ts';
import type { Reporter, ReporterOptions, Screen } from './reporter.ts';

/** Redraw interval in ms. */
const INTERVAL = 100;

/** Creates a reporter with a live block: total progress and the blobs in transfer. Messages scroll above it. */
export function ttyReporter(
  screen: Screen,
  colors: Colors,
  { now, isVerbose }: ReporterOptions = {},
): Reporter {
  const progress = new Progress(now);
  /** The widths of the lines on the screen. */
  let drawn: readonly number[] = [];
  const replaceBlock = (lines: readonly string[], above = '') => {
    const text = `${eraseLines(drawn, columnsOf(screen))}${above}${lines.map(line => `${line}\n`).join('')}`;
    if (text !== '') screen.write(text);
    drawn = lines.map(line => widthOf(withoutColors(line)));
  };
  const draw = (above?: string) => {
    // The cursor is below the block, and the last column makes some terminals wrap.
    const size = { width: columnsOf(screen) - 1, height: (screen.rows || 24) - 1 };
    replaceBlock(progressBlock(progress, size, colors), above);
  };
  const timer = setInterval(draw, INTERVAL);
  timer.unref();
  return {
    onEvent(event: AirgapEvent) {
      progress.add(event);
      const message = messageFor(event, colors, isVerbose);
      if (message !== undefined) draw(message);
    },
    close() {
      clearInterval(timer);
      replaceBlock(progress.complete ? [summaryLine(progress)] : []);
    },
  };
}

/**
 * Returns what erases the lines above the cursor. In a terminal that became narrower, a line takes several rows. The
 * cursor may have moved to the right: the terminal shows Ctrl-C as `^C`.
 */
function eraseLines(widths: readonly number[], columns: number): string {
  if (widths.length === 0) return '';
  const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
  return `\r\u001b[${rows}A\u001b[J`;
}

function columnsOf({ columns }: Screen): number {
  return columns || 80;
}

function withoutColors(text: string): string {
  return text.replaceAll(SGR, '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is the escape sequence of colours.
const SGR = /\u001b\[[\d;]*m/g;
