import { type AirgapEvent, formatBytes } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatDuration } from '../render/duration.ts';
import { renderFinding } from '../render/finding.ts';
import { printable } from '../render/printable.ts';

/** Maximum length of a request target in the access log. */
const MAX_TARGET = 400;

type Retry = Extract<AirgapEvent, { type: 'retry' }>;
type Served = Extract<AirgapEvent, { type: 'served' }>;

/** Renders an event that is shown while work is in progress; undefined for all other events. */
export function messageFor(event: AirgapEvent, colors: Colors): string | undefined {
  switch (event.type) {
    case 'finding':
      return renderFinding(event.finding, [], colors);
    case 'notice':
      return `${printable(event.message)}\n`;
    case 'retry':
      return retryLine(event);
    case 'served':
      return accessLine(event);
    default:
      return undefined;
  }
}

function retryLine({ host, reason, attempt, delay }: Retry): string {
  return `${printable(host)}: ${printable(reason)}; attempt ${attempt + 1} in ${formatDuration(delay)}\n`;
}

/** Renders an access log line: `127.0.0.1 GET /v2/library/redis/manifests/7.0 200, 528 B in 2 ms`. */
function accessLine({ client, method, target, status, bytes, complete, elapsed }: Served): string {
  const request = printable(`${client} ${method} ${target.slice(0, MAX_TARGET)}`);
  const end = complete ? '' : ', aborted';
  return `${request} ${status}, ${formatBytes(bytes)} in ${Math.round(elapsed)} ms${end}\n`;
}
