/** Stands for a template in masked text; nobody writes this private-use character. */
const MASK = '\uE000';
/** A brace that opens nothing must not swallow the file. */
const MAX_LENGTH = 4000;

/**
 * Hides Go templates (`{{repl …}}`, `repl{{ … }}` and Helm's `{{ … }}`) from a YAML parser, every line and column
 * staying where it is. A line of nothing but templates (`{{repl if …}}`) becomes blank; elsewhere a template
 * becomes one word.
 */
export function maskTemplates(text: string): string {
  let masked = '';
  let done = 0;
  for (const { start, end } of templates(text)) {
    masked += text.slice(done, start) + text.slice(start, end).replace(/[^\r\n]/g, MASK);
    done = end;
  }
  if (done === 0) return text;
  return (masked + text.slice(done)).split('\n').map(blankIfOnlyTemplates).join('\n');
}

/** Says whether a masked text had a template in it. */
export function isTemplated(masked: string): boolean {
  return masked.includes(MASK);
}

function blankIfOnlyTemplates(line: string): string {
  const isOnly = line.includes(MASK) && line.replaceAll(MASK, '').trim() === '';
  return isOnly ? line.replaceAll(MASK, ' ') : line;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function* templates(text: string): Generator<Span> {
  const opening = /(?:repl)?\{\{/g;
  const commentEnd = commentEnds(text);
  const isRemark = remarks(text);
  for (let open = opening.exec(text); open; open = opening.exec(text)) {
    const inside = opening.lastIndex;
    const end = commentEnd(inside) ?? actionEnd(text, inside, isRemark(open.index));
    if (end === undefined) continue;
    yield { start: open.index, end };
    opening.lastIndex = end;
  }
}

/** Where an action ends: at the first braces outside its strings, unless another action opens before. */
function actionEnd(text: string, start: number, singleLine: boolean): number | undefined {
  // An escaped quote belongs to the YAML string around the template: "{{repl ConfigOption \"x\"}}".
  const token = /"(?:[^"\\\n]|\\.)*"|`[^`]{0,4000}`|\\.|\{\{|\}\}|\n/g;
  token.lastIndex = start;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found.index - start > MAX_LENGTH || found[0] === '{{') return undefined;
    if (found[0] === '}}') return token.lastIndex;
    if (singleLine && found[0].includes('\n')) return undefined;
  }
  return undefined;
}

/** Finds where a template comment ends whose inside begins at an offset. The next end is kept: all calls are linear. */
function commentEnds(text: string): (start: number) => number | undefined {
  const opening = /-?\s{0,9}\/\*/y;
  const closing = /\*\/\s{0,9}-?\}\}/y;
  let next = 0;
  return start => {
    opening.lastIndex = start;
    if (!opening.test(text)) return undefined;
    if (next < opening.lastIndex && next >= 0) next = text.indexOf('*/', opening.lastIndex);
    if (next < 0) return undefined;
    closing.lastIndex = next;
    return closing.test(text) ? closing.lastIndex : undefined;
  };
}

/** Says of offsets that only grow whether a `#` stands before them on their line: prose may hold a stray brace. */
function remarks(text: string): (offset: number) => boolean {
  let lineEnd = -1;
  let hash = -1;
  return offset => {
    while (lineEnd < offset) {
      const lineStart = lineEnd + 1;
      const end = text.indexOf('\n', lineStart);
      lineEnd = end < 0 ? text.length : end;
      if (lineEnd >= offset) hash = text.slice(lineStart, lineEnd).indexOf('#') + lineStart;
      if (hash < lineStart) hash = Number.POSITIVE_INFINITY;
    }
    return hash < offset;
  };
}
