import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type Document as ParsedDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { AirgapError } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { SourceText } from '../model/source-text.ts';
import type { Text } from '../model/text.ts';
import { Aliases } from './aliases.ts';
import { DocumentLimitError, documentStream } from './document-stream.ts';
import { isTemplated, maskTemplates } from './template.ts';
import { findUnclosed } from './unclosed.ts';

/** Maximum nesting of merge keys; an alias can make them recursive. */
const MAX_MERGES = 20;

/** How null is written. */
const NULLS: ReadonlySet<string> = new Set(['null', 'Null', 'NULL', '~']);

/** What the documents of one file share. */
interface FileContext {
  readonly source: SourceText;
  readonly lines: LineCounter;
  readonly mayMerge: boolean;
}

/** One YAML document of an input file, read by key, with the position of every node. */
export class SpecDocument {
  readonly root: Node | null;
  /** The comments before the first content. */
  readonly #comment: string;
  readonly #source: SourceText;
  readonly #lines: LineCounter;
  #aliases: Aliases | undefined;
  /** The text may have merge keys. Looking for them doubles the time of every look-up that finds nothing. */
  readonly #mayMerge: boolean;

  private constructor(root: Node | null, comment: string, { source, lines, mayMerge }: FileContext) {
    this.root = root;
    this.#comment = comment;
    this.#source = source;
    this.#lines = lines;
    this.#mayMerge = mayMerge;
  }

  /** Yields the documents of a file one by one; an unreadable document yields an `INPUT` error with its position. */
  static *parse(source: SourceText): Generator<SpecDocument | AirgapError> {
    const lines = new LineCounter();
    const context = { source, lines, mayMerge: source.text.includes('<<') };
    const at = (offset: number) => new SpecDocument(null, '', context).#at(offset);
    const hasAliases = /[&*]/.test(source.text);
    try {
      for (const parsed of documentStream(yamlOf(source), lines)) {
        const document = SpecDocument.#read(parsed, context);
        yield hasAliases && document instanceof SpecDocument ? document.#resolveAliases() : document;
      }
    } catch (error) {
      if (!(error instanceof DocumentLimitError)) throw error;
      yield inputError(
        error.message,
        at(error.offset),
        'Split the document; the rest of this file was not read.',
      );
    }
  }

  static #read(parsed: ParsedDocument, context: FileContext): SpecDocument | AirgapError {
    const { contents, commentBefore, errors, comment } = parsed;
    const comments = [commentBefore, contents?.commentBefore, firstKeyComment(contents), comment];
    const document = new SpecDocument(contents, comments.filter(Boolean).join('\n'), context);
    const error = errors.find(found => !isAccepted(found, context.source.text));
    return error ? document.#syntaxError(error) : document;
  }

  #syntaxError({ message, pos: [offset] }: YAMLError): AirgapError {
    const unclosed = findUnclosed(this.root, this.#source.text);
    if (unclosed)
      return inputError(
        `not YAML: ${unclosed.character} is never closed`,
        this.#at(unclosed.offset),
        'Close it, or check the brackets and quotes after it.',
      );
    return inputError(
      `not YAML: ${message}`,
      this.#at(offset),
      'Fix the YAML syntax there; the cause is often on the line before.',
    );
  }

  /** Resolves the aliases of the document; returns the error for an alias without an anchor. */
  #resolveAliases(): SpecDocument | AirgapError {
    this.#aliases = new Aliases(this.root, alias =>
      this.error(
        'too many alias expansions',
        this.position(alias),
        'Write the values out instead of using aliases.',
      ),
    );
    const { dangling } = this.#aliases;
    if (!dangling) return this;
    return this.error(
      `undefined alias *${dangling.source}: no anchor &${dangling.source} before it`,
      this.position(dangling),
      'Write the value itself, or quote it if it is not an alias.',
    );
  }

  /** Returns whether a comment before the first content is `kind: KIND`, as in Replicated's documents. */
  isMarked(kind: string): boolean {
    return this.#comment.split('\n').some(line => {
      const colon = line.indexOf(':');
      if (colon < 0) return false;
      return line.slice(0, colon).trim() === 'kind' && line.slice(colon + 1).trim() === kind;
    });
  }

  /** Returns the first node at a path of keys, if any. */
  get(node: Node | null | undefined, ...path: readonly string[]): Node | undefined {
    return this.all(node, ...path)[0];
  }

  /**
   * Returns every node at a path of keys below a node. Both branches of a template's `if` are part of the document, so
   * any key on the path may occur twice.
   */
  all(node: Node | null | undefined, ...path: readonly string[]): Node[] {
    let found = node ? [node] : [];
    for (const key of path) found = found.flatMap(parent => this.#values(parent, key));
    return found;
  }

  /** Returns the keys and values of every mapping at a path; skips other nodes. */
  entries(
    node: Node | null | undefined,
    ...path: readonly string[]
  ): [key: string, value: Node | undefined][] {
    return this.all(node, ...path).flatMap(found => {
      const map = this.#follow(found);
      return isMap(map) ? map.items.map(entryOf) : [];
    });
  }

  /** Returns the items of every list at a path; skips other nodes. */
  items(node: Node | null | undefined, ...path: readonly string[]): Node[] {
    return this.all(node, ...path).flatMap(found => {
      const seq = this.#follow(found);
      return isSeq(seq) ? (seq.items as Node[]) : [];
    });
  }

  isMap(node: Node | null | undefined): node is YAMLMap {
    return this.mapping(node) !== undefined;
  }

  /** Returns the mapping, also through an alias; undefined for other nodes. */
  mapping(node: Node | null | undefined): YAMLMap | undefined {
    const map = this.#follow(node);
    return isMap(map) ? map : undefined;
  }

  isList(node: Node | null | undefined): boolean {
    return isSeq(this.#follow(node));
  }

  /** Returns whether a scalar is written without quotes. */
  isPlain(node: Node | null | undefined): boolean {
    const scalar = this.#follow(node);
    return isScalar(scalar) && (scalar as Scalar).type === 'PLAIN';
  }

  /** Returns the scalar under a key. @throws AirgapError `INPUT` if the value is a mapping or a list */
  field(node: Node | null | undefined, key: string): Text | undefined {
    return this.fields(node, key)[0];
  }

  /**
   * Returns every scalar under a key.
   *
   * @throws AirgapError `INPUT` if a value is a mapping or a list
   */
  fields(node: Node | null | undefined, key: string): Text[] {
    return this.all(node, key).flatMap(value => {
      if (this.isMap(value) || this.isList(value))
        throw this.error(
          `${key}: must be a string`,
          this.position(value),
          'Write a single value there, and quote it when in doubt.',
        );
      return this.text(value) ?? [];
    });
  }

  /** Returns the text of a scalar with its position; undefined if it is empty, null or not a scalar. */
  text(node: Node | null | undefined): Text | undefined {
    const scalar = this.#scalar(node);
    if (!scalar) return undefined;
    const value = this.#written(scalar);
    const templated = this.#source.rendered ? value.includes('{{') : isTemplated(String(scalar.value));
    return { value, position: this.position(node as Node), templated };
  }

  /** Returns the value of a scalar as in `text`: the position of a node costs more than the node itself. */
  value(node: Node | null | undefined): string | undefined {
    const scalar = this.#scalar(node);
    return scalar && this.#written(scalar);
  }

  #scalar(node: Node | null | undefined): Scalar | undefined {
    const scalar = this.#follow(node);
    if (!isScalar(scalar)) return undefined;
    const value = String(scalar.value ?? '');
    const isNull = scalar.type === 'PLAIN' && NULLS.has(value);
    return value === '' || isNull ? undefined : (scalar as Scalar);
  }

  /** Returns the value of a scalar, with its templates. */
  #written({ type, value, range }: Scalar): string {
    const text = String(value);
    return isTemplated(text) && !this.#source.rendered ? this.#unquoted(type, range) : text;
  }

  /** Returns the source text of a scalar, including templates, without its quotes. */
  #unquoted(type: Scalar['type'], range: Node['range']): string {
    if (!range) return '';
    const [start, end] = range;
    const quotes = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? 1 : 0;
    return this.#source.text.slice(start + quotes, end - quotes).trim();
  }

  /** Returns the source text of a node, its first line indented like the others. */
  sourceOf(node: Node): string {
    const range = this.#follow(node)?.range;
    if (!range) return '';
    const [start, end] = range;
    const { col } = this.#lines.linePos(start);
    return ' '.repeat(Math.max(col - 1, 0)) + this.#source.text.slice(start, end);
  }

  /** Returns the position where a node begins. */
  position(node: Node): Position {
    return this.#at(node.range?.[0] ?? 0);
  }

  /** Makes an `INPUT` error at a position. */
  error(message: string, position: Position, hint: string): AirgapError {
    return inputError(message, position, hint);
  }

  /** Returns the values of a key: those of the mapping itself, else those merged with `<<:`. */
  #values(node: Node | null | undefined, key: string, depth = 0): Node[] {
    const map = this.#follow(node);
    if (!isMap(map) || depth > MAX_MERGES) return [];
    const direct = this.#direct(map, key);
    if (direct.length > 0 || !this.#mayMerge) return direct;
    return this.#direct(map, '<<').flatMap(merged => {
      const mappings = this.isList(merged) ? this.items(merged) : [merged];
      // In a list of merged mappings, the first that has the key wins.
      for (const mapping of mappings) {
        const values = this.#values(mapping, key, depth + 1);
        if (values.length > 0) return values;
      }
      return [];
    });
  }

  #direct(map: YAMLMap, key: string): Node[] {
    const values: Node[] = [];
    for (const pair of map.items)
      if (isScalar(pair.key) && pair.key.value === key && pair.value != null) values.push(pair.value as Node);
    return values;
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

/** Returns the text that is parsed; templates remain only in the text of rendered sources. */
function yamlOf({ text, rendered }: SourceText): string {
  const unmarked = maskByteOrderMarks(text);
  return rendered ? unmarked : maskTemplates(unmarked);
}

/**
 * Replaces a byte order mark at the start of a line, as in a file made of several files, with a space at the end of the
 * line before. Offsets do not change.
 */
function maskByteOrderMarks(text: string): string {
  return text.replace(/(\r?\n)\uFEFF/g, ' $1');
}

/**
 * Returns whether Kubernetes accepts what an error reports: the escape `\'`, and a block scalar that begins with a line
 * of templates, which the mask has made a long blank line.
 */
function isAccepted({ code, message, pos: [offset] }: YAMLError, text: string): boolean {
  if (code === 'BAD_DQ_ESCAPE') return text.startsWith("\\'", offset);
  return message.startsWith('Block scalars with more-indented leading') && text.includes('{{');
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
