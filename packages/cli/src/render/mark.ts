import type { Position, SourceText } from '@airgap/core';

/** A line of a source, and the word in it that a position is at. */
export interface Mark {
  /** The whole line, without its end. */
  readonly line: string;
  /** The word; empty where the position is beyond the line's end. */
  readonly word: string;
}

/** The lines of texts that have been asked for. */
const LINES = new WeakMap<SourceText, readonly string[]>();

/** Finds what a position is at; nothing when its source is not at hand. */
export function markAt({ file, line, column }: Position, sources: readonly SourceText[]): Mark | undefined {
  const source = sources.find(one => one.file === file);
  const text = source && linesOf(source)[line - 1];
  if (text === undefined) return undefined;
  return { line: text.trimEnd(), word: /^\S+/.exec(text.slice(column - 1))?.[0] ?? '' };
}

function linesOf(source: SourceText): readonly string[] {
  const lines = LINES.get(source) ?? source.text.split('\n');
  LINES.set(source, lines);
  return lines;
}
