import { isMap, isScalar, isSeq, type Node, type YAMLSeq } from 'yaml';
import type { Edit } from '../../edit/edit.ts';
import { scalarText } from '../../edit/scalar-text.ts';
import type { YamlText } from '../../edit/yaml-text.ts';
import { isReplicated } from '../../input/formats/replicated.ts';
import type { ImagesEntry } from '../rule-api/images-entry.ts';

const TEMPLATE = '{{';

/** The `images:` section of a file, to which entries can be added. */
export class ImagesList {
  readonly #text: YamlText;
  readonly #seq: YAMLSeq;
  readonly #last: Node;

  private constructor(text: YamlText, seq: YAMLSeq, last: Node) {
    this.#text = text;
    this.#seq = seq;
    this.#last = last;
  }

  /** Finds the first section with at least one entry. */
  static find(text: YamlText): ImagesList | undefined {
    for (const document of text.documents) {
      const seq = isReplicated(document) ? document.get(document.root, 'images') : undefined;
      const last = isSeq(seq) ? seq.items.at(-1) : undefined;
      if (isSeq(seq) && isMap(last)) return new ImagesList(text, seq, last);
    }
    return undefined;
  }

  /** Adds entries after the last one, in its style; undefined if the section contains a template. */
  append(entries: readonly ImagesEntry[]): Edit | undefined {
    const end = contentEnd(this.#last);
    const start = this.#seq.range?.[0];
    if (end === undefined || start === undefined) return undefined;
    if (this.#text.text.slice(start, end).includes(TEMPLATE)) return undefined;
    if (this.#seq.flow) return this.#appendInFlow(entries, end);
    return this.#appendLines(entries, start, end);
  }

  #appendInFlow(entries: readonly ImagesEntry[], end: number): Edit | undefined {
    if (this.#text.text[this.#last.range?.[0] ?? -1] !== '{') return undefined;
    return { start: end, end, text: entries.map(entry => `, ${this.#flowEntry(entry)}`).join('') };
  }

  #appendLines(entries: readonly ImagesEntry[], start: number, end: number): Edit | undefined {
    const indent = this.#text.lineBefore(start);
    // After a last key without a value comes its colon.
    const colon = /^[ \t]*:/.exec(this.#text.text.slice(end, this.#text.lineEnd(end)));
    const lastEnd = end + (colon?.[0].length ?? 0);
    if (!/^ *$/.test(indent) || !this.#text.isRestEmpty(lastEnd)) return undefined;
    const at = this.#afterComments(end, indent.length);
    if (this.#isBeforeTemplate(at)) return undefined;
    const newLine = this.#text.lineBreak(at);
    const lines = entries.flatMap(entry => this.#entryLines(entry));
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

  /** Returns whether a template follows: a `{{repl end}}` below would put the new entries into its branch. */
  #isBeforeTemplate(at: number): boolean {
    for (let start = at; start < this.#text.text.length; start = this.#text.lineEnd(start) + 1) {
      const line = this.#text.text.slice(start, this.#text.lineEnd(start)).trim();
      // Templates in comments are rendered, too.
      if (/^(?:repl)?\{\{/.test(line) || (line.startsWith('#') && line.includes(TEMPLATE))) return true;
      if (line !== '' && !line.startsWith('#')) return false;
    }
    return false;
  }

  #entryLines(entry: ImagesEntry): string[] {
    if (isMap(this.#last) && this.#last.flow) return [`- ${this.#flowEntry(entry)}`];
    const { source, name, tag } = entry;
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

/** Returns the offset after the last character of a node; undefined for block scalars. */
function contentEnd(node: unknown): number | undefined {
  if (!isMap(node) || node.flow) {
    const { range, type } = node as Node & { type?: string };
    return type?.startsWith('BLOCK') ? undefined : range?.[1];
  }
  const last = node.items.at(-1);
  const valueRange = (last?.value as Node | null | undefined)?.range;
  const isEmpty = !valueRange || valueRange[0] === valueRange[1];
  return isEmpty ? (last?.key as Node | undefined)?.range?.[1] : contentEnd(last?.value);
}
