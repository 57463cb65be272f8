import { isCollection, isScalar, type Node, visit } from 'yaml';

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '"': '"', "'": "'" };

/** A bracket or quote without its end. */
export interface Unclosed {
  /** In UTF-16 units. */
  readonly offset: number;
  readonly character: string;
}

/**
 * Returns the last bracket or quote of a document that is never closed; undefined if each of them is. The parser reports
 * the text after it instead, which may be far away.
 *
 * @param text the text that the offsets of the nodes refer to
 */
export function findUnclosed(root: Node | null, text: string): Unclosed | undefined {
  let unclosed: Unclosed | undefined;
  visit(root, (_key, node) => {
    const isDelimited = isCollection(node) ? node.flow : isScalar(node) && node.type?.startsWith('QUOTE_');
    if (isDelimited) unclosed = unclosedNode(node as Node, text) ?? unclosed;
  });
  return unclosed;
}

function unclosedNode({ range }: Node, text: string): Unclosed | undefined {
  const [offset = 0, end = 0] = range ?? [];
  const character = text.charAt(offset);
  const closing = CLOSING[character];
  if (closing === undefined) return undefined;
  const isClosed = end - offset > 1 && text.charAt(end - 1) === closing;
  return isClosed ? undefined : { offset, character };
}
