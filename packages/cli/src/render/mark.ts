import type { Position, SourceText } from '@airgap/core';

/** The source line and the word at a position. */
export interface Mark {
  /** The line without its ending. */
  readonly line: string;
  /** The word; empty if the position is beyond the end of the line. */
  readonly word: string;
}

/** Caches the lines of each text. */
const LINES = new WeakMap<SourceText, readonly string[]>();

/** Finds the line and word at a position; undefined without its source. */
export function markAt({ file, line, column }: Position, sources: readonly SourceText[]): Mark | undefined {
  const source = sources.find(candidate => candidate.file === file);
  const text = source && linesOf(source)[line - 1];
  if (text === undefined) return undefined;
  return { line: text.trimEnd(), word: /^\S+/.exec(text.slice(column - 1))?.[0] ?? '' };
}

function linesOf(source: SourceText): readonly string[] {
  const lines = LINES.get(source) ?? source.text.split('\n');
  LINES.set(source, lines);
  return lines;
}
