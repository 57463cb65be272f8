import { type AirgapEvent, formatBytes } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatDuration } from '../render/duration.ts';
import { renderFinding } from '../render/finding.ts';
import { printable } from '../render/printable.ts';

/** Maximum length of a request target in the access log. */
const MAX_TARGET = 400;

type Resolved = Extract<AirgapEvent, { type: 'resolved' }>;
type Retry = Extract<AirgapEvent, { type: 'retry' }>;
type Request = Extract<AirgapEvent, { type: 'request' }>;
type Served = Extract<AirgapEvent, { type: 'served' }>;

/** Renders an event that is shown while work is in progress; undefined for all other events. */
export function messageFor(event: AirgapEvent, colors: Colors, isVerbose = false): string | undefined {
  switch (event.type) {
    case 'request':
      return requestLine(event, colors);
    case 'resolved':
      return isVerbose ? resolvedLine(event) : undefined;
    case 'blob-finished':
      return isVerbose ? `${printable(event.digest)}: ${formatBytes(event.size)} done\n` : undefined;
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

/** Renders `GET https://quay.io/v2/team/app/manifests/1.0 200 in 34 ms (user me from config.json)`. */
function requestLine(event: Request, colors: Colors): string {
  const { method, url, status, error, credentials, elapsed } = event;
  const outcome = [status, error].filter(part => part !== undefined).join(' ');
  const sender = credentials === undefined ? '' : ` (${credentials})`;
  return `${colors.dim(printable(`${method} ${url} ${outcome} in ${Math.round(elapsed)} ms${sender}`))}\n`;
}

function resolvedLine({ image, digest, done, total }: Resolved): string {
  return `${printable(image)}: ${printable(digest)} (${done} of ${total})\n`;
}

/** Renders an access log line: `127.0.0.1 GET /v2/library/redis/manifests/7.0 200, 528 B in 2 ms`. */
function accessLine({ client, method, target, status, bytes, complete, elapsed }: Served): string {
  const request = printable(`${client} ${method} ${target.slice(0, MAX_TARGET)}`);
  const end = complete ? '' : ', aborted';
  return `${request} ${status}, ${formatBytes(bytes)} in ${Math.round(elapsed)} ms${end}\n`;
}
