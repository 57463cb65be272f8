/** Replaces template characters in masked text: a private-use character that real input does not contain. */
const MASK = '\uE000';
/** Maximum length of a template action; a stray `{{` must not mask the rest of the file. */
const MAX_LENGTH = 4000;

/**
 * Masks Go templates (`{{repl …}}`, `repl{{ … }}` and Helm's `{{ … }}`) for a YAML parser and preserves every line
 * and column. A line with only templates (`{{repl if …}}`) becomes blank; elsewhere a template becomes one word.
 */
export function maskTemplates(text: string): string {
  let masked = '';
  let done = 0;
  for (const { start, end } of templates(text)) {
    masked += text.slice(done, start) + maskAction(text.slice(start, end));
    done = end;
  }
  if (done === 0) return text;
  return (masked + text.slice(done)).split('\n').map(blankIfOnlyTemplates).join('\n');
}

/** Keeps the indentation of the lines after the first: it decides which value they belong to. */
function maskAction(action: string): string {
  const lines = action.split('\n');
  return lines
    .map((line, at) => {
      const indent = at === 0 ? 0 : line.length - line.trimStart().length;
      return line.slice(0, indent) + line.slice(indent).replace(/[^\r]/g, MASK);
    })
    .join('\n');
}

/** Returns whether a masked text contained a template. */
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

/** Finds the end of an action: the first `}}` outside its strings, unless another action opens before it. */
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

/** Finds the end of a template comment that begins at an offset. Caches the next end: all calls together are linear. */
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

/** Returns whether a `#` precedes an offset on its line; offsets must increase. Comments may contain a stray brace. */
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
