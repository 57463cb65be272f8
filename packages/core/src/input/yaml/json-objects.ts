/**
 * Splits a text of JSON objects one after another after each object, as Kubernetes reads them. Any other text is
 * returned in one piece.
 */
export function* jsonObjects(text: string): Generator<string> {
  let start = 0;
  for (let end = objectEnd(text, start); end !== undefined; end = objectEnd(text, end)) {
    if (text[nextContent(text, end)] !== '{') break;
    yield text.slice(start, end);
    start = end;
  }
  yield text.slice(start);
}

/** Returns the offset after the JSON object that begins at an offset; undefined without one. */
function objectEnd(text: string, offset: number): number | undefined {
  const start = nextContent(text, offset);
  if (text[start] !== '{') return undefined;
  // A string that is not closed goes up to the end, so that each character is looked at once.
  const token = /[{}]|"(?:[^"\\]+|\\.?)*(?:"|$)/gs;
  token.lastIndex = start;
  let depth = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '{') depth += 1;
    if (found[0] === '}') depth -= 1;
    if (depth === 0) return token.lastIndex;
  }
  return undefined;
}

function nextContent(text: string, offset: number): number {
  const content = /[^\s\uFEFF]/g;
  content.lastIndex = offset;
  return content.exec(text)?.index ?? text.length;
}
