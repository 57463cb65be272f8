import { LineCounter } from 'yaml';
import type { Position } from '../position.ts';
import type { SourceText } from '../spec/source.ts';
import { applyEdits, type Edit } from './edit.ts';

/** A source that is edited again and again, and still knows where everything came from. */
export class EditedText {
  readonly source: SourceText;
  #text: string;
  readonly #rounds: (readonly Edit[])[] = [];
  #lines: LineCounter | undefined;

  constructor(source: SourceText) {
    this.source = source;
    this.#text = source.text;
  }

  /** The source as it reads now. */
  get edited(): SourceText {
    return { ...this.source, text: this.#text };
  }

  /** Makes edits, all in the text as it reads now. @returns those that were made, and where they belong in the source */
  apply<One extends Edit>(edits: readonly One[]): { edit: One; position: Position }[] {
    const { text, done } = applyEdits(this.#text, edits);
    const made = done.map(edit => ({ edit, position: this.#origin(edit.start) }));
    this.#text = text;
    this.#rounds.push(done);
    return made;
  }

  #origin(offset: number): Position {
    const { line, col } = this.#sourceLines().linePos(this.#rounds.reduceRight(offsetBefore, offset));
    return { file: this.source.file, line, column: col };
  }

  #sourceLines(): LineCounter {
    if (this.#lines) return this.#lines;
    this.#lines = new LineCounter();
    this.#lines.addNewLine(0);
    for (const { index } of this.source.text.matchAll(/\n/g)) this.#lines.addNewLine(index + 1);
    return this.#lines;
  }
}

/** Where an offset was before a round of edits; what an edit wrote was where the edit began. */
function offsetBefore(offset: number, edits: readonly Edit[]): number {
  let shift = 0;
  for (const { start, end, text } of edits) {
    if (start + shift >= offset) break;
    if (offset < start + shift + text.length) return start;
    shift += text.length - (end - start);
  }
  return offset - shift;
}
