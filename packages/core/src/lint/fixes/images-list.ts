import { isMap, isScalar, isSeq, type Node, type YAMLSeq } from 'yaml';
import type { Edit } from '../../edit/edit.ts';
import { scalarText } from '../../edit/scalar-text.ts';
import type { YamlText } from '../../edit/yaml-text.ts';
import { isReplicated } from '../../input/formats/replicated.ts';
import type { ImagesEntry } from '../rule-api/images-entry.ts';

const TEMPLATE = '{{';

/** The `images:` section of a file, as far as entries can be added to it. */
export class ImagesList {
  readonly #text: YamlText;
  readonly #seq: YAMLSeq;
  readonly #last: Node;

  private constructor(text: YamlText, seq: YAMLSeq, last: Node) {
    this.#text = text;
    this.#seq = seq;
    this.#last = last;
  }

  /** The first section with an entry in it; nothing when there is none. */
  static find(text: YamlText): ImagesList | undefined {
    for (const document of text.documents) {
      const seq = isReplicated(document) ? document.get(document.root, 'images') : undefined;
      const last = isSeq(seq) ? seq.items.at(-1) : undefined;
      if (isSeq(seq) && isMap(last)) return new ImagesList(text, seq, last);
    }
    return undefined;
  }

  /** Adds entries behind the last one, in its manner; nothing where a template says what is in the list. */
  append(listings: readonly ImagesEntry[]): Edit | undefined {
    const end = contentEnd(this.#last);
    const [start] = this.#seq.range ?? [];
    if (end === undefined || start === undefined) return undefined;
    if (this.#text.text.slice(start, end).includes(TEMPLATE)) return undefined;
    if (this.#seq.flow) return this.#appendInFlow(listings, end);
    return this.#appendLines(listings, start, end);
  }

  #appendInFlow(listings: readonly ImagesEntry[], end: number): Edit | undefined {
    if (this.#text.text[this.#last.range?.[0] ?? -1] !== '{') return undefined;
    return { start: end, end, text: listings.map(one => `, ${this.#flowEntry(one)}`).join('') };
  }

  #appendLines(listings: readonly ImagesEntry[], start: number, end: number): Edit | undefined {
    const indent = this.#text.lineBefore(start);
    const [colon = ''] = /^[ \t]*:/.exec(this.#text.text.slice(end, this.#text.lineEnd(end))) ?? [];
    if (!/^ *$/.test(indent) || !this.#text.isLineDone(end + colon.length)) return undefined;
    const at = this.#afterComments(end, indent.length);
    if (this.#isBeforeTemplate(at)) return undefined;
    const newLine = this.#text.lineBreak(at);
    const lines = listings.flatMap(one => this.#entryLines(one));
    return { start: at, end: at, text: lines.map(line => `${newLine}${indent}${line}`).join('') };
  }

  /** Comments that are indented deeper than the dashes belong to the last entry. */
  #afterComments(end: number, indent: number): number {
    const comment = new RegExp(`\\r?\\n[ ]{${indent + 1},}#(?!.*\\{\\{).*`, 'y');
    let at = this.#text.lineEnd(end);
    comment.lastIndex = at;
    while (comment.test(this.#text.text)) {
      at = this.#text.lineEnd(comment.lastIndex - 1);
      comment.lastIndex = at;
    }
    return at;
  }

  /** A `{{repl end}}` below would take the new entries into its branch. */
  #isBeforeTemplate(at: number): boolean {
    for (let start = at; start < this.#text.text.length; start = this.#text.lineEnd(start) + 1) {
      const line = this.#text.text.slice(start, this.#text.lineEnd(start)).trim();
      // A template in a comment is filled in like any other.
      if (/^(?:repl)?\{\{/.test(line) || (line.startsWith('#') && line.includes(TEMPLATE))) return true;
      if (line !== '' && !line.startsWith('#')) return false;
    }
    return false;
  }

  #entryLines(listing: ImagesEntry): string[] {
    if (isMap(this.#last) && this.#last.flow) return [`- ${this.#flowEntry(listing)}`];
    const { source, name, tag } = listing;
    return [
      `- source: ${scalarText(source)}`,
      `  name: ${scalarText(name)}`,
      `  tag: ${JSON.stringify(tag)}`,
    ];
  }

  #flowEntry({ source, name, tag }: ImagesEntry): string {
    const key = isMap(this.#last) ? this.#last.items[0]?.key : undefined;
    const isJson = isScalar(key) && key.type === 'QUOTE_DOUBLE';
    if (isJson)
      return `{ "source": ${JSON.stringify(source)}, "name": ${JSON.stringify(name)}, "tag": ${JSON.stringify(tag)} }`;
    return `{ source: ${scalarText(source)}, name: ${scalarText(name)}, tag: ${JSON.stringify(tag)} }`;
  }
}

/** Where a node's last character is written; nothing for values of several lines whose end is a matter of style. */
function contentEnd(node: unknown): number | undefined {
  if (!isMap(node) || node.flow) {
    const { range, type } = node as Node & { type?: string };
    return type?.startsWith('BLOCK') ? undefined : range?.[1];
  }
  const { key, value } = node.items.at(-1) ?? {};
  const [start, end] = (value as Node | null | undefined)?.range ?? [0, 0];
  return start === end ? (key as Node | undefined)?.range?.[1] : contentEnd(value);
}
