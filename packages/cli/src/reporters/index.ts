import type { Session } from '../session.ts';
import { jsonReporter } from './json.ts';
import { noneReporter } from './none.ts';
import { plainReporter } from './plain.ts';
import type { Reporter } from './reporter.ts';
import { ttyReporter } from './tty.ts';

export const PROGRESS_STYLES = ['auto', 'tty', 'plain', 'json', 'none'] as const;
export type ProgressStyle = (typeof PROGRESS_STYLES)[number];

/** Opens the reporter of a style. `auto` is a live block on a terminal, and lines elsewhere and with `--debug`. */
export function openReporter(style: ProgressStyle, { err, environment, verbosity }: Session): Reporter {
  if (verbosity === 'quiet') return { onEvent() {}, close() {} };
  const screen = process.stderr;
  const live = screen.isTTY === true && environment.live && verbosity !== 'debug';
  const options = { isVerbose: verbosity === 'verbose' || verbosity === 'debug' };
  switch (style === 'auto' ? autoStyle(live) : style) {
    case 'none':
      return noneReporter(screen, err);
    case 'json':
      return jsonReporter(screen);
    case 'tty':
      return ttyReporter(screen, err, options);
    case 'plain':
      return plainReporter(screen, err, options);
  }
}

function autoStyle(live: boolean): 'tty' | 'plain' {
  return live ? 'tty' : 'plain';
}
