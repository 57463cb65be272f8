const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\uff01-\uff60])/u;
const NARROW_ONLY = /^[\x20-\x7e]*$/;

/** The columns that printable text takes on a terminal. */
export function widthOf(text: string): number {
  if (NARROW_ONLY.test(text)) return text.length;
  return graphemes(text).reduce((width, grapheme) => width + widthOfOne(grapheme), 0);
}

/** The beginning of a text that fits into this many columns; `…` stands for what was cut off. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let left = columns - 1;
  for (const grapheme of graphemes(text)) {
    left -= widthOfOne(grapheme);
    if (left < 0) break;
    kept += grapheme;
  }
  return columns > 0 ? `${kept}…` : '';
}

function graphemes(text: string): string[] {
  return Array.from(GRAPHEMES.segment(text), ({ segment }) => segment);
}

function widthOfOne(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : 1;
}
