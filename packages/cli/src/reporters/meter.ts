/** The window of the rate in ms. It keeps the rate steady. */
const WINDOW = 5_000;

/** Measures a rate over the last few seconds. */
export class Meter {
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @param at in ms. @param bytes all bytes until then */
  sample(at: number, bytes: number): void {
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
  }

  /** All bytes until the last sample. */
  get last(): number {
    return this.#samples.at(-1)?.bytes ?? 0;
  }

  /** Bytes per second between the first and the last sample in the window. */
  get rate(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return (Math.max(0, last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }
}
