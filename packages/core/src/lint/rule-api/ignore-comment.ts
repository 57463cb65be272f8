import { Lexer, LineCounter } from 'yaml';
import type { SourceText } from '../../input/model/source-text.ts';
import { maskTemplates } from '../../input/yaml/template.ts';
import type { Position } from '../../model/position.ts';

/** A comment that silences one rule at one line: `# airgap-ignore rule-id: reason`. */
export interface Ignore {
  readonly rule: string;
  /** Where the comment stands. */
  readonly position: Position;
  /** The line that it speaks of: its own, or the next one that is no comment when it stands alone. */
  readonly line: number;
}

const COMMENT = /^#\s*airgap-ignore\b[ \t]*([^\s:]*)/;
/** The lexer puts this before a scalar, whose text may look like a comment. */
const SCALAR_FOLLOWS = '\u001f';

/** Finds the comments of a text that silence rules. */
export function ignoresOf({ file, text }: SourceText): Ignore[] {
  if (!text.includes('airgap-ignore')) return [];
  const lines = text.split('\n');
  const contents = nextContents(lines);
  const starts = new LineCounter();
  for (let at = 0; at >= 0; at = text.indexOf('\n', at) + 1 || -1) starts.addNewLine(at);
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
    // Marks of the lexer's own are control characters that the text does not have.
    if (text.startsWith(token, offset)) offset += token.length;
    previous = token;
  }
}

/** Of each line's index, the number of the first line from there on that is no comment. */
function nextContents(lines: readonly string[]): number[] {
  const next = new Array<number>(lines.length);
  let content = lines.length;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    if (!lines[index]?.trimStart().startsWith('#')) content = index + 1;
    next[index] = content;
  }
  return next;
}
