import type { AirgapEvent } from '@airgap/core';
import { formatDuration } from '../render/duration.ts';
import { printable } from '../render/printable.ts';

/** The line for an event that a person should see whatever the face; nothing for the others. */
export function messageFor(event: AirgapEvent): string | undefined {
  if (event.type === 'notice') return printable(event.message);
  if (event.type !== 'retry') return undefined;
  return `${event.host}: ${printable(event.reason)}; trying again in ${formatDuration(event.delay)}`;
}
