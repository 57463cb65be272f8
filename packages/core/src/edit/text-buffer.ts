import { LineCounter } from 'yaml';
import type { SourceText } from '../input/model/source-text.ts';
import type { Position } from '../model/position.ts';
import { applyEdits, type Edit } from './edit.ts';
import { OffsetMap } from './offset-map.ts';

/** A source that is edited again and again, and still knows where everything came from. */
export class TextBuffer {
  readonly source: SourceText;
  #text: string;
  readonly #rounds: OffsetMap[] = [];
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
    this.#rounds.push(new OffsetMap(done));
    return made;
  }

  #origin(offset: number): Position {
    const { line, col } = this.#sourceLines().linePos(
      this.#rounds.reduceRight((after, round) => round.offsetBefore(after), offset),
    );
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
