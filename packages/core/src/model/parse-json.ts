/** The limit of Go's decoder. */
const MAX_DEPTH = 10_000;
/** The limit of commas, colons and opening brackets together: each may take 100 bytes of memory and more. */
const MAX_PARTS = 1_500_000;

const CODES = { quote: 0x22, backslash: 0x5c };
const OPENING = new Set([...'[{'].map(code));
const CLOSING = new Set([...']}'].map(code));
const SEPARATORS = new Set([...',:'].map(code));

/**
 * Returns whether a JSON document has too many values, or too many levels, to be parsed in bounded memory: 60 MB of
 * brackets take 3 GB.
 */
export function isTooComplex(content: Uint8Array | string): boolean {
  const at =
    typeof content === 'string'
      ? (index: number) => content.charCodeAt(index)
      : (index: number) => content[index] ?? 0;
  let depth = 0;
  let parts = 0;
  let isString = false;
  for (let index = 0; index < content.length; index += 1) {
    const current = at(index);
    if (current === CODES.quote) isString = !isString;
    else if (isString) index += current === CODES.backslash ? 1 : 0;
    else if (CLOSING.has(current)) depth -= 1;
    else if (OPENING.has(current)) {
      depth += 1;
      parts += 1;
    } else if (SEPARATORS.has(current)) parts += 1;
    if (depth > MAX_DEPTH || parts > MAX_PARTS) return true;
  }
  return false;
}

function code(character: string): number {
  return character.charCodeAt(0);
}

/**
 * Parses a JSON document from outside.
 *
 * @returns undefined when it is not UTF-8, not JSON, too complex, or nested too deeply to be serialized again. There is no error of
 * the parser, because it quotes the document, which may contain secrets
 */
export function parseJson(content: Uint8Array | string): unknown {
  if (isTooComplex(content)) return undefined;
  try {
    const document: unknown = JSON.parse(typeof content === 'string' ? content : decode(content));
    JSON.stringify(document);
    return document;
  } catch {
    return undefined;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}
