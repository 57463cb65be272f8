import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type Document as ParsedDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { AirgapError } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { SourceText } from '../model/source-text.ts';
import type { Text } from '../model/text.ts';
import { Aliases } from './aliases.ts';
import { DocumentLimitError, documentStream } from './document-stream.ts';
import { isTemplated, maskTemplates } from './template.ts';

/** How deep merge keys may nest; an alias can make them endless. */
const MAX_MERGES = 20;

/** One YAML document of a file, read by key and without ever losing where things stand. */
export class SpecDocument {
  readonly root: Node | null;
  /** The comments before the first content. */
  readonly #comment: string;
  readonly #source: SourceText;
  readonly #lines: LineCounter;
  #aliases: Aliases | undefined;

  private constructor(root: Node | null, comment: string, source: SourceText, lines: LineCounter) {
    this.root = root;
    this.#comment = comment;
    this.#source = source;
    this.#lines = lines;
  }

  /** Reads the documents of a file one by one; what cannot be read comes as an error `INPUT` with its place. */
  static *parse(source: SourceText): Generator<SpecDocument | AirgapError> {
    const lines = new LineCounter();
    const at = (offset: number) => new SpecDocument(null, '', source, lines).#at(offset);
    const hasAliases = /[&*]/.test(source.text);
    try {
      for (const parsed of documentStream(maskTemplates(source.text), lines)) {
        const document = SpecDocument.#read(parsed, source, lines);
        yield hasAliases && document instanceof SpecDocument ? document.#linked() : document;
      }
    } catch (error) {
      if (!(error instanceof DocumentLimitError)) throw error;
      yield inputError(error.message, at(error.offset), 'Split it; what follows in this file was not read.');
    }
  }

  static #read(parsed: ParsedDocument, source: SourceText, lines: LineCounter): SpecDocument | AirgapError {
    const { contents, commentBefore, errors, comment } = parsed;
    const comments = [commentBefore, contents?.commentBefore, firstKeyComment(contents), comment];
    const document = new SpecDocument(contents, comments.filter(Boolean).join('\n'), source, lines);
    const [error] = errors;
    if (error)
      return inputError(
        `not YAML: ${error.message}`,
        document.#at(error.pos[0]),
        'Mend the YAML there; the line before it is often the cause.',
      );
    return document;
  }

  /** The same document with its aliases followed, or the error for one that stands for nothing. */
  #linked(): SpecDocument | AirgapError {
    this.#aliases = new Aliases(this.root, alias =>
      this.error(
        'the aliases here expand without end',
        this.position(alias),
        'Write the values out instead of aliasing them.',
      ),
    );
    const { dangling } = this.#aliases;
    if (!dangling) return this;
    return this.error(
      `there is no anchor &${dangling.source} before this alias`,
      this.position(dangling),
      'Write the value itself, or quote it when no alias is meant.',
    );
  }

  /** Whether a comment before the first content says `kind: …`, as Replicated's documents tell what they are. */
  isMarked(kind: string): boolean {
    return this.#comment.split('\n').some(line => {
      const [key, ...value] = line.split(':');
      return key?.trim() === 'kind' && value.join(':').trim() === kind;
    });
  }

  /** The first thing that stands at a path of keys; nothing when there is no such key or no mapping. */
  get(node: Node | null | undefined, ...path: readonly string[]): Node | undefined {
    return this.all(node, ...path)[0];
  }

  /**
   * Everything that stands at a path of keys, from a node on: the two branches of a template's `if` both stay in the
   * document, so that any key on the way may be there twice.
   */
  all(node: Node | null | undefined, ...path: readonly string[]): Node[] {
    return path.reduce<Node[]>(
      (parents, key) => parents.flatMap(parent => this.#values(parent, key)),
      node ? [node] : [],
    );
  }

  /** The keys and values of every mapping at a path; nothing for anything else. */
  entries(
    node: Node | null | undefined,
    ...path: readonly string[]
  ): [key: string, value: Node | undefined][] {
    return this.all(node, ...path).flatMap(found => {
      const map = this.#follow(found);
      return isMap(map) ? map.items.map(entryOf) : [];
    });
  }

  /** The nodes of every list at a path; nothing for anything else. */
  items(node: Node | null | undefined, ...path: readonly string[]): Node[] {
    return this.all(node, ...path).flatMap(found => {
      const seq = this.#follow(found);
      return isSeq(seq) ? (seq.items as Node[]) : [];
    });
  }

  isMap(node: Node | null | undefined): node is YAMLMap {
    return this.mapping(node) !== undefined;
  }

  /** The mapping itself, where an alias may stand for it; nothing for anything else. */
  mapping(node: Node | null | undefined): YAMLMap | undefined {
    const map = this.#follow(node);
    return isMap(map) ? map : undefined;
  }

  isList(node: Node | null | undefined): boolean {
    return isSeq(this.#follow(node));
  }

  /** Whether a scalar is written without quotes. */
  isPlain(node: Node | null | undefined): boolean {
    const scalar = this.#follow(node);
    return isScalar(scalar) && (scalar as Scalar).type === 'PLAIN';
  }

  /** The text under a key. @throws AirgapError `INPUT` for a mapping or a list there */
  field(node: Node | null | undefined, key: string): Text | undefined {
    return this.fields(node, key)[0];
  }

  /**
   * Every text under a key.
   *
   * @throws AirgapError `INPUT` for a mapping or a list there
   */
  fields(node: Node | null | undefined, key: string): Text[] {
    return this.all(node, key).flatMap(value => {
      if (this.isMap(value) || this.isList(value))
        throw this.error(
          `${key}: must be a text`,
          this.position(value),
          'Write one value there; quote it when in doubt.',
        );
      return this.text(value) ?? [];
    });
  }

  /** A scalar's text; nothing when it is empty, null or no scalar. */
  text(node: Node | null | undefined): Text | undefined {
    const scalar = this.#follow(node);
    if (!isScalar(scalar)) return undefined;
    const { type, value: parsed, range } = scalar as Scalar;
    const value = String(parsed ?? '');
    if (value === '' || (type === 'PLAIN' && /^(null|Null|NULL|~)$/.test(value))) return undefined;
    const templated = isTemplated(value);
    return {
      value: templated ? this.#written(type, range) : value,
      position: this.position(node as Node),
      templated,
    };
  }

  /** A scalar as it stands in the source, templates and all, without its quotes. */
  #written(type: Scalar['type'], range: Node['range']): string {
    const [start = 0, end = 0] = range ?? [];
    const quotes = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? 1 : 0;
    return this.#source.text.slice(start + quotes, end - quotes).trim();
  }

  /** A node as it stands in the source, its first line indented as the others are. */
  written(node: Node): string {
    const target = this.#follow(node);
    const [start = 0, end = 0] = target?.range ?? [];
    const { col } = this.#lines.linePos(start);
    return ' '.repeat(Math.max(col - 1, 0)) + this.#source.text.slice(start, end);
  }

  /** Where a node begins. */
  position(node: Node): Position {
    return this.#at(node.range?.[0] ?? 0);
  }

  /** An error at a place of this document. */
  error(message: string, position: Position, hint: string): AirgapError {
    return inputError(message, position, hint);
  }

  /** The values of a key: the mapping's own, else those that `<<:` merges into it. */
  #values(node: Node | null | undefined, key: string, depth = 0): Node[] {
    const map = this.#follow(node);
    if (!isMap(map) || depth > MAX_MERGES) return [];
    const own = this.#own(map, key);
    if (own.length > 0) return own;
    return this.#own(map, '<<').flatMap(merged => {
      const mappings = this.isList(merged) ? this.items(merged) : [merged];
      // Of those in one list, the first that has the key counts.
      for (const mapping of mappings) {
        const values = this.#values(mapping, key, depth + 1);
        if (values.length > 0) return values;
      }
      return [];
    });
  }

  #own(map: YAMLMap, key: string): Node[] {
    return map.items
      .filter(pair => isScalar(pair.key) && pair.key.value === key && pair.value != null)
      .map(pair => pair.value as Node);
  }

  #follow(node: Node | null | undefined): Node | null | undefined {
    return this.#aliases ? this.#aliases.follow(node) : node;
  }

  #at(offset: number): Position {
    if (this.#source.rendered) return { file: this.#source.file, line: 1, column: 1 };
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function entryOf({ key, value }: Pair): [key: string, value: Node | undefined] {
  return [isScalar(key) ? String(key.value) : '', (value ?? undefined) as Node | undefined];
}

function inputError(message: string, position: Position, hint: string): AirgapError {
  return new AirgapError('INPUT', message, { where: { position }, hint });
}

/** Without a leading `---`, a comment above the first key belongs to that key. */
function firstKeyComment(contents: unknown): string | null | undefined {
  const key = isMap(contents) ? contents.items[0]?.key : undefined;
  return isScalar(key) ? key.commentBefore : undefined;
}
