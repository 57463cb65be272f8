const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\uff01-\uff60])/u;
const NARROW_ONLY = /^[\x20-\x7e]*$/;

/** Returns the display width of printable text in terminal columns. */
export function widthOf(text: string): number {
  if (NARROW_ONLY.test(text)) return text.length;
  return graphemes(text).reduce((width, grapheme) => width + graphemeWidth(grapheme), 0);
}

/** Truncates text to a number of columns. A truncated text ends with `…`. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let clipped = '';
  let remaining = columns - 1;
  for (const grapheme of graphemes(text)) {
    remaining -= graphemeWidth(grapheme);
    if (remaining < 0) break;
    clipped += grapheme;
  }
  return columns > 0 ? `${clipped}…` : '';
}

/** Truncates text to a number of columns at its beginning. A truncated text begins with `…`. */
export function clipStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let clipped = '';
  let remaining = columns - 1;
  for (const grapheme of graphemes(text).toReversed()) {
    remaining -= graphemeWidth(grapheme);
    if (remaining < 0) break;
    clipped = `${grapheme}${clipped}`;
  }
  return columns > 0 ? `…${clipped}` : '';
}

function graphemes(text: string): string[] {
  return Array.from(GRAPHEMES.segment(text), ({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : 1;
}
