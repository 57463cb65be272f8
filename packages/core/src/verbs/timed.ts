import type { OnEvent, TimedEvent } from '../store/events.ts';

/** The options of a verb as callers pass them: `onEvent` receives each event with its time. */
export type Timed<Options> = Omit<Options, 'onEvent'> & {
  readonly onEvent?: ((event: TimedEvent) => void) | undefined;
};

/** Makes the options for the inside of a verb, where events have no time yet. */
export function withTime<Options extends { readonly onEvent?: OnEvent | undefined }>(
  options: Timed<Options>,
): Options {
  const { onEvent } = options;
  const timed: OnEvent | undefined = onEvent && (event => onEvent({ time: Date.now(), ...event }));
  return { ...options, onEvent: timed } as unknown as Options;
}
