import type { AirgapEvent } from '@airgap/core';

/** Shows the events of one verb to the user. */
export interface Reporter {
  readonly onEvent: (event: AirgapEvent) => void;
  /** Removes the live display and stops timers. */
  close(): void;
}

/** The stream that a reporter writes to. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}
