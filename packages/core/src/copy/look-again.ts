import { setTimeout as sleep } from 'node:timers/promises';

/** The waits between two looks, in ms. Some registries list what they accepted a second later. */
const WAITS = [250, 500, 1000, 2000, 4000];

/**
 * Looks for something that a registry has accepted until it is there, for some seconds at most.
 *
 * @returns the result of the last look
 * @throws the reason of the signal
 */
export async function lookAgain<T>(
  look: () => Promise<T>,
  isThere: (result: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  let result = await look();
  for (const wait of WAITS) {
    if (isThere(result)) return result;
    await sleep(wait, undefined, { signal });
    result = await look();
  }
  return result;
}
