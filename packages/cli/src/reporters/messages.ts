import type { AirgapEvent } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatBytes } from '../render/bytes.ts';
import { formatDuration } from '../render/duration.ts';
import { renderFinding } from '../render/finding.ts';
import { printable } from '../render/printable.ts';

/** The most characters of a request's target that are shown. */
const MAX_TARGET = 400;

type Served = Extract<AirgapEvent, { type: 'served' }>;

/** The lines for an event that a person should see while work goes on; nothing for the others. */
export function messageFor(event: AirgapEvent, colors: Colors): string | undefined {
  switch (event.type) {
    case 'finding':
      return renderFinding(event.finding, [], colors);
    case 'notice':
      return `${printable(event.message)}\n`;
    case 'retry':
      return `${printable(event.host)}: ${printable(event.reason)}; try ${event.attempt + 1} in ${formatDuration(event.delay)}\n`;
    case 'served':
      return accessLine(event);
    default:
      return undefined;
  }
}

/** `127.0.0.1 GET /v2/library/redis/manifests/7.0 200, 528 B in 2 ms`. */
function accessLine({ client, method, target, status, bytes, complete, elapsed }: Served): string {
  const asked = printable(`${client} ${method} ${target.slice(0, MAX_TARGET)}`);
  const end = complete ? '' : ', broken off';
  return `${asked} ${status}, ${formatBytes(bytes)} in ${Math.round(elapsed)} ms${end}\n`;
}
