import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { SourceText } from '../input/model/source-text.ts';
import { SpecDocument } from '../input/yaml/document.ts';
import type { Position } from '../model/position.ts';

/** A key, its value, and the mapping that contains them. */
export interface Place {
  readonly document: SpecDocument;
  readonly map: YAMLMap;
  readonly pair: Pair;
}

/** A parsed source for edits. Offsets are in UTF-16 units of the source text, including templates. */
export class YamlText {
  readonly text: string;
  readonly documents: readonly SpecDocument[];
  readonly #lines = new LineCounter();
  readonly #places = new Map<number, Place>();
  readonly #items = new Map<number, Scalar | Alias>();

  constructor(source: SourceText) {
    this.text = source.text;
    this.documents = [...SpecDocument.parse(source)].filter(document => document instanceof SpecDocument);
    this.#lines.addNewLine(0);
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1))
      this.#lines.addNewLine(at + 1);
    for (const document of this.documents) this.#addPlaces(document);
  }

  /** Returns the key whose value begins at a position. */
  placeAt(position: Position): Place | undefined {
    return this.#places.get(this.#offset(position));
  }

  /** Returns the value of a key or the list item that begins at a position. */
  valueAt(position: Position): Scalar | Alias | undefined {
    const value = this.placeAt(position)?.pair.value;
    return isScalar(value) || isAlias(value) ? value : this.#items.get(this.#offset(position));
  }

  /** Returns the lines between two line numbers. */
  linesBetween(first: number, last: number): string[] {
    const { lineStarts } = this.#lines;
    return this.text.slice(lineStarts[first] ?? this.text.length, lineStarts[last - 1]).split('\n');
  }

  /** Returns the text before an offset on its line. */
  lineBefore(offset: number): string {
    return this.text.slice(this.text.lastIndexOf('\n', offset - 1) + 1, offset);
  }

  /** Returns the offset where the line of an offset ends, before the line break. */
  lineEnd(offset: number): number {
    const feed = this.text.indexOf('\n', offset);
    const end = feed < 0 ? this.text.length : feed;
    return feed > offset && this.text[feed - 1] === '\r' ? end - 1 : end;
  }

  /** Returns the line break at the end of an offset's line, or the first one of the text on the last line. */
  lineBreak(offset: number): string {
    const here = /^\r?\n/.exec(this.text.slice(this.lineEnd(offset)));
    const first = /\r?\n/.exec(this.text);
    return (here ?? first)?.[0] ?? '\n';
  }

  /** Returns whether the rest of a line is blank or a comment, without a template that continues on the next line. */
  isRestEmpty(offset: number): boolean {
    const rest = this.text.slice(offset, this.lineEnd(offset));
    const isTemplateOpen = rest.lastIndexOf('{{') > rest.lastIndexOf('}}');
    return !isTemplateOpen && /^[ \t]*$|^[ \t]+#/.test(rest);
  }

  #offset({ line, column }: Position): number {
    return (this.#lines.lineStarts[line - 1] ?? 0) + column - 1;
  }

  #addPlaces(document: SpecDocument): void {
    visit(document.root, {
      Seq: (_key, { items }) => {
        for (const item of items)
          if ((isScalar(item) || isAlias(item)) && item.range) this.#items.set(item.range[0], item);
      },
      Pair: (_key, pair, path) => {
        const map = path.at(-1);
        const value = pair.value as Node | null;
        if (isMap(map) && (isScalar(value) || isAlias(value)) && value.range)
          this.#places.set(value.range[0], { document, map, pair });
      },
    });
  }
}
