import { formatJson } from '../render/json.ts';
import type { Reporter, Screen } from './reporter.ts';

/** Creates a reporter that writes every event as one line of JSON, with its time in ms since the Unix epoch. */
export function jsonReporter(screen: Screen): Reporter {
  return {
    onEvent(event) {
      screen.write(`${formatJson({ time: Date.now(), ...event })}\n`);
    },
    close() {},
  };
}
