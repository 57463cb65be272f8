import { Lexer, LineCounter } from 'yaml';
import type { SourceText } from '../../input/model/source-text.ts';
import { maskTemplates } from '../../input/yaml/template.ts';
import type { Position } from '../../model/position.ts';

/** A comment that suppresses one rule on one line: `# airgap-ignore rule-id: reason`. */
export interface Ignore {
  readonly rule: string;
  /** Position of the comment. */
  readonly position: Position;
  /** The line it applies to: its own, or for a comment on its own line the next line that is not a comment. */
  readonly line: number;
}

const COMMENT = /^#\s*airgap-ignore\b[ \t]*([^\s:]*)/;
/** The lexer emits this before a scalar, whose text may look like a comment. */
const SCALAR_FOLLOWS = '\u001f';

/** Finds the ignore comments of a text. */
export function ignoresOf({ file, text }: SourceText): Ignore[] {
  if (!text.includes('airgap-ignore')) return [];
  const lines = text.split('\n');
  const contents = nextContents(lines);
  const starts = new LineCounter();
  starts.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) starts.addNewLine(index + 1);
  return [...comments(maskTemplates(text))].flatMap(({ offset, comment }) => {
    const rule = COMMENT.exec(comment)?.[1];
    if (rule === undefined) return [];
    const { line, col: column } = starts.linePos(offset);
    const isAlone = (lines[line - 1] ?? '').slice(0, column - 1).trim() === '';
    return [{ rule, position: { file, line, column }, line: isAlone ? (contents[line] ?? line) : line }];
  });
}

function* comments(text: string): Generator<{ offset: number; comment: string }> {
  let offset = text.startsWith('\uFEFF') ? 1 : 0;
  let previous = '';
  for (const token of new Lexer().lex(text.slice(offset))) {
    if (token.startsWith('#') && previous !== SCALAR_FOLLOWS) yield { offset, comment: token };
    // The lexer's own markers are control characters that are not in the text.
    if (text.startsWith(token, offset)) offset += token.length;
    previous = token;
  }
}

/** For each line index, the number of the first line at or after it that is not a comment. */
function nextContents(lines: readonly string[]): number[] {
  const next = new Array<number>(lines.length);
  let content = lines.length;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    if (!lines[index]?.trimStart().startsWith('#')) content = index + 1;
    next[index] = content;
  }
  return next;
}
