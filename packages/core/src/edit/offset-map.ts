import type { Edit } from './edit.ts';

/** Maps offsets of an edited text back to the original text. */
export class OffsetMap {
  readonly #edits: readonly Edit[];
  /** The offset of each edit in the new text. */
  readonly #starts: readonly number[];

  /** @param edits in the order of the text, without overlaps */
  constructor(edits: readonly Edit[]) {
    let shift = 0;
    this.#edits = edits;
    this.#starts = edits.map(({ start, end, text }) => {
      const newStart = start + shift;
      shift += text.length - (end - start);
      return newStart;
    });
  }

  /** Returns the old offset of an offset in the new text; inside an edit, the start of the edit. */
  offsetBefore(offset: number): number {
    const index = this.#countBefore(offset) - 1;
    const edit = this.#edits[index];
    if (!edit) return offset;
    const newEnd = (this.#starts[index] ?? 0) + edit.text.length;
    return offset < newEnd ? edit.start : edit.end + offset - newEnd;
  }

  /** Returns how many edits begin before an offset of the new text. */
  #countBefore(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
