import type { Position, SourceText } from '@airgap/core';

/** A line of a source, and the word in it that a position is at. */
export interface Mark {
  /** The whole line, without its end. */
  readonly line: string;
  /** The word; empty where the position is beyond the line's end. */
  readonly word: string;
}

/** Finds what a position is at; nothing when its source is not at hand. */
export function markAt({ file, line, column }: Position, sources: readonly SourceText[]): Mark | undefined {
  const text = sources.find(source => source.file === file)?.text.split('\n')[line - 1];
  if (text === undefined) return undefined;
  return { line: text.trimEnd(), word: /^\S+/.exec(text.slice(column - 1))?.[0] ?? '' };
}
