import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { AirgapError } from '../errors.ts';
import type { Position } from '../position.ts';
import type { SourceText } from './source.ts';
import { isTemplated, maskTemplates } from './template.ts';

/** A scalar of a document, by its source text: `3.10` stays `3.10`. */
export interface Text {
  readonly value: string;
  readonly position: Position;
  /** There is a template in it, so that its value is not known. */
  readonly templated: boolean;
}

const MAX_ALIASES = 1000;

/** One YAML document of a file, read by key and without ever losing where things stand. */
export class SpecDocument {
  readonly root: Node | null;
  /** The comments before the first content, for example `kind: replicated`. */
  readonly comment: string;
  readonly #source: SourceText;
  readonly #lines: LineCounter;

  private constructor(root: Node | null, comment: string, source: SourceText, lines: LineCounter) {
    this.root = root;
    this.comment = comment;
    this.#source = source;
    this.#lines = lines;
  }

  /** Reads every document of a file. @throws AirgapError `INPUT` at the place where it is no YAML */
  static parse(source: SourceText): SpecDocument[] {
    const lines = new LineCounter();
    const options = {
      lineCounter: lines,
      schema: 'failsafe' as const,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent' as const,
    };
    const documents = parseAllDocuments(maskTemplates(source.text), options);
    if (!Array.isArray(documents)) return [];
    return documents.map(document => {
      const { contents, commentBefore, errors, comment } = document;
      const [error] = errors;
      const read = new SpecDocument(
        contents,
        [commentBefore, contents?.commentBefore, comment].filter(Boolean).join('\n'),
        source,
        lines,
      );
      if (error)
        throw read.error(
          `not YAML: ${error.message}`,
          read.#at(error.pos[0]),
          'Mend the YAML there; the line before it is often the cause.',
        );
      return read.#expanded(document);
    });
  }

  /** Anchors are put in the places of their aliases, as long as it is no bomb. */
  #expanded(document: { contents: Node | null }): this {
    let aliases = 0;
    visit(document as never, {
      Alias: (_key, alias) => {
        aliases += 1;
        if (aliases > MAX_ALIASES)
          throw this.error(`more than ${MAX_ALIASES} aliases`, this.position(alias), 'Write the values out.');
      },
    });
    this.#resolve = alias => (alias as { resolve(of: unknown): Node | undefined }).resolve(document);
    return this;
  }

  #resolve: (alias: Node) => Node | undefined = () => undefined;

  /** What stands under a key of a mapping; nothing when there is no such key or no mapping. */
  get(node: Node | null | undefined, key: string): Node | undefined {
    return this.#pair(node, key)?.value as Node | undefined;
  }

  /** The nodes of a list; nothing for anything else. */
  items(node: Node | null | undefined): Node[] {
    const seq = this.#follow(node);
    return isSeq(seq) ? (seq.items as Node[]) : [];
  }

  isMap(node: Node | null | undefined): node is YAMLMap {
    return isMap(this.#follow(node));
  }

  isList(node: Node | null | undefined): boolean {
    return isSeq(this.#follow(node));
  }

  /** A scalar's text; nothing when it is empty, null or no scalar. */
  text(node: Node | null | undefined): Text | undefined {
    const scalar = this.#follow(node);
    if (!isScalar(scalar)) return undefined;
    const value = String((scalar as Scalar).value ?? '');
    const plainNull = scalar.type === 'PLAIN' && /^(null|Null|NULL|~|)$/.test(value);
    if (plainNull) return undefined;
    const templated = isTemplated(value);
    const [start = 0, end = 0] = scalar.range ?? [];
    return {
      value: templated ? this.#source.text.slice(start, end) : value,
      position: this.position(node as Node),
      templated,
    };
  }

  /** Where a node begins. */
  position(node: Node): Position {
    return this.#at(node.range?.[0] ?? 0);
  }

  /** An error at a place of this document. */
  error(message: string, position: Position, hint: string): AirgapError {
    return new AirgapError('INPUT', message, { where: { position }, hint });
  }

  #pair(node: Node | null | undefined, key: string): Pair | undefined {
    const map = this.#follow(node);
    if (!isMap(map)) return undefined;
    return map.items.find(pair => isScalar(pair.key) && pair.key.value === key);
  }

  #follow(node: Node | null | undefined): Node | null | undefined {
    return isAlias(node) ? this.#resolve(node) : node;
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
