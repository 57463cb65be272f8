import type { Session } from '../session.ts';
import { jsonReporter } from './json.ts';
import { noneReporter } from './none.ts';
import { plainReporter } from './plain.ts';
import type { Reporter } from './reporter.ts';
import { ttyReporter } from './tty.ts';

export const PROGRESS_STYLES = ['auto', 'tty', 'plain', 'json', 'none'] as const;
export type ProgressStyle = (typeof PROGRESS_STYLES)[number];

/** The reporter for a style; `auto` is a live block on a terminal and lines anywhere else. */
export function openReporter(style: ProgressStyle, { err, environment }: Session): Reporter {
  const screen = process.stderr;
  switch (style === 'auto' ? autoStyle(screen.isTTY === true && environment.live) : style) {
    case 'none':
      return noneReporter(screen, err);
    case 'json':
      return jsonReporter(screen);
    case 'tty':
      return ttyReporter(screen, err);
    case 'plain':
      return plainReporter(screen, err);
  }
}

function autoStyle(live: boolean): 'tty' | 'plain' {
  return live ? 'tty' : 'plain';
}
