import type { AirgapEvent } from '@airgap/core';

/** A face for the events of one verb. */
export interface Reporter {
  readonly onEvent: (event: AirgapEvent) => void;
  /** Takes away what is only of use while work goes on. */
  close(): void;
}

/** Where a reporter draws. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}
