import type { ArchiveOptions } from '../kots/archive.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';

/** How a verb opens the layouts that its options name. */
export function openingOf({
  signal,
  onEvent,
}: {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}): ArchiveOptions {
  return { signal, onEvent: withTime(onEvent) };
}
