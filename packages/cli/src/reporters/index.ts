import type { Session } from '../session.ts';
import { jsonReporter } from './json.ts';
import { plainReporter } from './plain.ts';
import type { Reporter } from './reporter.ts';
import { ttyReporter } from './tty.ts';

export type ProgressStyle = 'auto' | 'tty' | 'plain' | 'json' | 'none';

/** The reporter for a style; `auto` is a live block on a terminal and lines anywhere else. */
export function openReporter(style: ProgressStyle, { err }: Session): Reporter {
  const { stderr } = process;
  if (style === 'none') return { onEvent() {}, close() {} };
  if (style === 'json') return jsonReporter(stderr);
  if (style === 'tty' || (style === 'auto' && stderr.isTTY)) return ttyReporter(stderr, err);
  return plainReporter(stderr);
}
