import type { AirgapEvent } from '@airgap/core';

/** Shows the events of one verb to the user. */
export interface Reporter {
  readonly onEvent: (event: AirgapEvent) => void;
  /** Removes the live display and stops timers. */
  close(): void;
}

export interface ReporterOptions {
  /** Returns the time in ms. Default: that of the process. */
  readonly now?: (() => number) | undefined;
  /** Whether to write a line for each image and blob that is done. */
  readonly isVerbose?: boolean | undefined;
}

/** The stream that a reporter writes to. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}
