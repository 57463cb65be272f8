import type { Edit } from './edit.ts';

/** Edits that were made in one text, and where they are in the text that they made. */
export class OffsetMap {
  readonly #edits: readonly Edit[];
  /** Where each begins in the new text. */
  readonly #starts: readonly number[];

  /** @param edits in the order of the text, none touching another */
  constructor(edits: readonly Edit[]) {
    let shift = 0;
    this.#edits = edits;
    this.#starts = edits.map(({ start, end, text }) => {
      const newStart = start + shift;
      shift += text.length - (end - start);
      return newStart;
    });
  }

  /** Where an offset of the new text was in the old one; what an edit wrote was where the edit began. */
  offsetBefore(offset: number): number {
    const index = this.#countBefore(offset) - 1;
    const edit = this.#edits[index];
    if (!edit) return offset;
    const newEnd = (this.#starts[index] ?? 0) + edit.text.length;
    return offset < newEnd ? edit.start : edit.end + offset - newEnd;
  }

  /** How many edits begin before an offset of the new text. */
  #countBefore(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
