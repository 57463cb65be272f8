import { LineCounter } from 'yaml';
import type { SourceText } from '../input/model/source-text.ts';
import type { Position } from '../model/position.ts';
import { applyEdits, type Edit } from './edit.ts';
import { OffsetMap } from './offset-map.ts';

/** A source that is edited in several rounds, with positions mapped back to the original text. */
export class TextBuffer {
  readonly source: SourceText;
  #text: string;
  readonly #rounds: OffsetMap[] = [];
  #lines: LineCounter | undefined;

  constructor(source: SourceText) {
    this.source = source;
    this.#text = source.text;
  }

  /** The source with its current text. */
  get edited(): SourceText {
    return { ...this.source, text: this.#text };
  }

  /** Applies edits to the current text. @returns the applied edits with their positions in the original source */
  apply<E extends Edit>(edits: readonly E[]): { edit: E; position: Position }[] {
    const { text, done } = applyEdits(this.#text, edits);
    const made = done.map(edit => ({ edit, position: this.#origin(edit.start) }));
    this.#text = text;
    this.#rounds.push(new OffsetMap(done));
    return made;
  }

  #origin(offset: number): Position {
    const original = this.#rounds.reduceRight((current, round) => round.offsetBefore(current), offset);
    const { line, col } = this.#sourceLines().linePos(original);
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
