import type { Colors } from 'picocolors/types.js';
import { messageFor } from './messages.ts';
import type { Reporter, Screen } from './reporter.ts';

/** Creates a reporter that writes findings, and with `--debug` requests, but no progress. */
export function noneReporter(screen: Screen, colors: Colors): Reporter {
  return {
    onEvent(event) {
      if (event.type === 'finding' || event.type === 'request') screen.write(messageFor(event, colors) ?? '');
    },
    close() {},
  };
}
