/**
 * Parses a JSON document from outside.
 *
 * @returns undefined when it is not UTF-8, not JSON, or nested too deeply to be serialized again. There is no error of
 * the parser, because it quotes the document, which may contain secrets
 */
export function parseJson(content: Uint8Array | string): unknown {
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
