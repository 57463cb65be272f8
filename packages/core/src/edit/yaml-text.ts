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

/** A key and its value, and the mapping they are in. */
export interface Place {
  readonly document: SpecDocument;
  readonly map: YAMLMap;
  readonly pair: Pair;
}

/** A source that fixes look into. Offsets are in UTF-16 units of the text as it was written, templates and all. */
export class YamlText {
  readonly text: string;
  readonly documents: readonly SpecDocument[];
  readonly #lines = new LineCounter();
  readonly #places = new Map<number, Place>();
  readonly #items = new Map<number, Scalar | Alias>();

  constructor(source: SourceText) {
    this.text = source.text;
    this.documents = [...SpecDocument.parse(source)].filter(one => one instanceof SpecDocument);
    this.#lines.addNewLine(0);
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1))
      this.#lines.addNewLine(at + 1);
    for (const document of this.documents) this.#addPlaces(document);
  }

  /** The key whose value begins at a position. */
  placeAt(position: Position): Place | undefined {
    return this.#places.get(this.#offset(position));
  }

  /** The value that begins at a position, of a key or of a list. */
  valueAt(position: Position): Scalar | Alias | undefined {
    const value = this.placeAt(position)?.pair.value;
    return isScalar(value) || isAlias(value) ? value : this.#items.get(this.#offset(position));
  }

  /** The lines between two, by their numbers. */
  linesBetween(first: number, last: number): string[] {
    const { lineStarts } = this.#lines;
    return this.text.slice(lineStarts[first] ?? this.text.length, lineStarts[last - 1]).split('\n');
  }

  /** What stands on an offset's line before it. */
  lineBefore(offset: number): string {
    return this.text.slice(this.text.lastIndexOf('\n', offset - 1) + 1, offset);
  }

  /** Where an offset's line ends, before the line break. */
  lineEnd(offset: number): number {
    const feed = this.text.indexOf('\n', offset);
    const end = feed < 0 ? this.text.length : feed;
    return feed > offset && this.text[feed - 1] === '\r' ? end - 1 : end;
  }

  /** The line break that this text uses at an offset's line; for the last line, the one at the first. */
  lineBreak(offset: number): string {
    const own = /^\r?\n/.exec(this.text.slice(this.lineEnd(offset)))?.[0];
    return own ?? /\r?\n/.exec(this.text)?.[0] ?? '\n';
  }

  /** Says whether nothing but a comment follows on an offset's line, and no template goes on in the next one. */
  isLineDone(offset: number): boolean {
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
