import type { AirgapEvent } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatDuration } from '../render/duration.ts';
import { renderFinding } from '../render/finding.ts';
import { printable } from '../render/printable.ts';

/** The lines for an event that a person should see while work goes on; nothing for the others. */
export function messageFor(event: AirgapEvent, colors: Colors): string | undefined {
  switch (event.type) {
    case 'finding':
      return renderFinding(event.finding, [], colors);
    case 'notice':
      return `${printable(event.message)}\n`;
    case 'retry':
      return `${printable(event.host)}: ${printable(event.reason)}; try ${event.attempt + 1} in ${formatDuration(event.delay)}\n`;
    default:
      return undefined;
  }
}
