import type { Position } from '../../model/position.ts';
import type { Text } from '../model/text.ts';

const IMAGE_LINE = /^(?<before>\s*(?:-\s+)?["']?image["']?\s*:\s*["']?)(?<value>[^\s"'#].*)$/;
/** Maximum length of a line that is searched. */
const MAX_LINE = 2000;

/** A line `image: VALUE` of a template. */
interface ImageLine {
  readonly line: number;
  readonly column: number;
  readonly value: string;
}

/** The `image:` lines of a Helm template that could not be parsed, or that was rendered. */
export class TemplateLines {
  readonly #file: string;
  readonly #lines: readonly ImageLine[];
  readonly #returned = new Set<ImageLine>();

  constructor(file: string, text: string) {
    this.#file = file;
    this.#lines = text.split('\n').flatMap((line, at) => imageLine(line, at + 1));
  }

  /** Returns the images that are written without a template. */
  literals(): Text[] {
    return this.#lines
      .filter(({ value }) => !value.includes('{{'))
      .map(line => ({ value: line.value, position: this.#position(line), templated: false }));
  }

  /**
   * Returns the position of the line that rendered an image; undefined if none or several different ones may have. Equal
   * lines are returned one after another.
   */
  positionOf(image: string): Position | undefined {
    const matches = this.#lines.flatMap(line => {
      const length = literalLength(line.value, image);
      return length === undefined ? [] : [{ line, length }];
    });
    const best = Math.max(...matches.map(({ length }) => length));
    const lines = matches.filter(({ length }) => length === best).map(({ line }) => line);
    const [first] = lines;
    if (first === undefined || lines.some(({ value }) => value !== first.value)) return undefined;
    const line = lines.find(candidate => !this.#returned.has(candidate)) ?? first;
    this.#returned.add(line);
    return this.#position(line);
  }

  #position({ line, column }: ImageLine): Position {
    return { file: this.#file, line, column };
  }
}

function imageLine(text: string, line: number): ImageLine[] {
  const { before, value } = (text.length > MAX_LINE ? undefined : IMAGE_LINE.exec(text))?.groups ?? {};
  if (before === undefined || value === undefined) return [];
  return [{ line, column: before.length + 1, value: withoutEnd(value) }];
}

/** Removes the closing quote and a comment; a template may contain both. */
function withoutEnd(value: string): string {
  const afterTemplates = value.lastIndexOf('}}') + 2;
  const start = afterTemplates === 1 ? 0 : afterTemplates;
  const end = value.slice(start).search(/["']|\s|$/);
  return value.slice(0, start + end);
}

/** Returns the texts before, between and after the templates of a value. */
function outsideTemplates(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (;;) {
    const open = value.indexOf('{{', start);
    const close = open < 0 ? -1 : value.indexOf('}}', open + 2);
    if (close < 0) return [...parts, value.slice(start)];
    parts.push(value.slice(start, open));
    start = close + 2;
  }
}

/** Returns how many characters of an image a value has outside its templates; undefined if it cannot render it. */
function literalLength(value: string, image: string): number | undefined {
  // A branch of a template may contain the image as it is.
  if (value.includes(image)) return value === image ? image.length + 1 : image.length;
  const parts = outsideTemplates(value);
  if (parts.length === 1) return undefined;
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (!image.startsWith(first) || !image.endsWith(last)) return undefined;
  let at = 0;
  for (const part of parts) {
    const found = image.indexOf(part, at);
    if (found < 0) return undefined;
    at = found + part.length;
  }
  return parts.join('').length;
}
