import type { Reporter, Screen } from './reporter.ts';

/** Every event as one line of JSON. */
export function jsonReporter(screen: Screen): Reporter {
  return {
    onEvent(event) {
      screen.write(`${JSON.stringify(event)}\n`);
    },
    close() {},
  };
}
