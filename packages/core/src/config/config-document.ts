import { type Document, isMap, isScalar, LineCounter, type Node, visit, type YAMLMap } from 'yaml';
import type { SourceText } from '../input/model/source-text.ts';
import { DocumentLimitError, documentStream } from '../input/yaml/document-stream.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';

const MAX_ALIASES = 100;
/** Longest message, in UTF-16 units; a message quotes the file. */
export const MAX_MESSAGE = 300;

/** The one YAML document of a config file. Every value is text: a slug may be 010. */
export class ConfigDocument {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed | undefined;

  /** @throws AirgapError `INPUT` for text that is not YAML, unusual or duplicate keys, or exceeded limits */
  constructor({ file, text }: SourceText) {
    this.#file = file;
    this.#document = this.#parse(text);
    if (this.#document) this.#checkKeys(this.#document);
  }

  /** Returns the document as an object; keys without a value are ignored. @throws AirgapError `INPUT` for too many aliases */
  contents(): unknown {
    const document = this.#document;
    if (!document) return {};
    visit(document, {
      Map: (_key, map) => {
        map.items = map.items.filter(({ value }) => !isMissing(value));
      },
    });
    const { contents } = document;
    if (contents === null || (isScalar(contents) && contents.value === '')) return {};
    try {
      return document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new AirgapError('INPUT', `not YAML: ${message}`, {
        where: { path: this.#file },
        cause,
        hint: 'Write the values out instead of aliasing them.',
      });
    }
  }

  /** Returns the position of the value at a path, or of the closest value above it: a list may be one string. */
  valuePosition(path: readonly PropertyKey[]): Position {
    const node = this.#document?.getIn(path, true) as Node | undefined;
    if (node === undefined && path.length > 0) return this.valuePosition(path.slice(0, -1));
    return this.#at(node?.range?.[0] ?? 0);
  }

  /** Returns the positions of the keys of the mapping at a path. */
  keyPositions(path: readonly PropertyKey[]): (key: string) => Position {
    const node = path.length > 0 ? this.#document?.getIn(path, true) : this.#document?.contents;
    const offsets = new Map(isMap(node) ? [...keysOf(node)] : []);
    return key => this.#at(offsets.get(key) ?? 0);
  }

  #parse(text: string): Document.Parsed | undefined {
    try {
      const [document, second] = firstTwo(documentStream(text, this.#lines));
      const [error] = document?.errors ?? [];
      if (error)
        throw this.#invalid(`not YAML: ${error.message}`, error.pos[0], 'Fix the YAML syntax there.');
      if (second)
        throw this.#invalid('more than one YAML document', second.range[0], 'Write a single document.');
      return document;
    } catch (error) {
      if (!(error instanceof DocumentLimitError)) throw error;
      throw this.#invalid(error.message, error.offset, 'Check that it is a config file.');
    }
  }

  /** Rejects keys that could hide another key: duplicates, aliases and collections. */
  #checkKeys(document: Document.Parsed): void {
    visit(document, {
      Map: (_key, map) => {
        const seen = new Set<string>();
        for (const { key } of map.items) {
          const offset = (key as Node | null)?.range?.[0] ?? 0;
          if (!isScalar(key)) throw this.#invalid('a key must be text', offset, 'Write the key out.');
          const name = String(key.value);
          if (seen.has(name)) throw this.#invalid(`duplicate key: ${name}`, offset, 'Remove one of the two.');
          seen.add(name);
        }
      },
    });
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #invalid(message: string, offset: number, hint: string): AirgapError {
    return new AirgapError('INPUT', message.slice(0, MAX_MESSAGE), {
      where: { position: this.#at(offset) },
      hint,
    });
  }
}

function* keysOf(map: YAMLMap): Generator<[key: string, offset: number]> {
  for (const { key } of map.items) if (isScalar(key)) yield [String(key.value), key.range?.[0] ?? 0];
}

function firstTwo<T>(items: Iterable<T>): T[] {
  const first: T[] = [];
  for (const item of items) {
    first.push(item);
    if (first.length === 2) break;
  }
  return first;
}

function isMissing(value: unknown): boolean {
  return value === null || (isScalar(value) && value.type === 'PLAIN' && value.value === '');
}
