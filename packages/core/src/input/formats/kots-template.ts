import type { Text } from '../model/text.ts';
import { isTrue, MAX_VALUE, UNKNOWN } from './template-functions.ts';
import { Pipelines } from './template-pipeline.ts';

/** The value of a template, and the KOTS options that it depends on. */
export interface EvaluatedTemplate {
  readonly value: string;
  readonly options: readonly string[];
}

/** Returns a text as its template is written: quotes are escaped in a YAML string with double quotes. */
export function withoutEscapes({ value }: Pick<Text, 'value'>): string {
  return value.replaceAll('\\"', '"');
}

/** A template action, or the text before one. */
const PART =
  /(?:repl)?\{\{(?:repl\b)?-?(?<action>(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`}]|\}(?!\}))*?)-?\}\}|(?<text>(?:(?!(?:repl)?\{\{)[\s\S])+)/y;

/** One open `if` block. */
interface Block {
  /** The output of the enclosing block counts. */
  readonly isOuterActive: boolean;
  /** A branch was taken. */
  isDone: boolean;
  isActive: boolean;
}

/**
 * Evaluates the KOTS templates in a text as the vendor's build does: without a local registry, and with the defaults of
 * the options. A small interpreter: functions are a table, and work is linear in the length of the text.
 *
 * @param options the defaults of the KOTS options, by name
 * @returns undefined if the value is known only at installation
 */
export function evaluateTemplate(
  text: string,
  options: ReadonlyMap<string, string>,
): EvaluatedTemplate | undefined {
  if (text.length > MAX_VALUE) return undefined;
  const pipelines = new Pipelines(options);
  const blocks: Block[] = [];
  let value = '';
  const isActive = () => blocks.at(-1)?.isActive ?? true;
  PART.lastIndex = 0;
  for (let end = 0; end < text.length; end = PART.lastIndex) {
    const { action, text: literal } = PART.exec(text)?.groups ?? {};
    if (literal !== undefined) {
      if (isActive()) value += literal;
    } else if (action === undefined) return undefined;
    else if (isBlockAction(action)) {
      if (!runBlockAction(action.trim(), blocks, pipelines)) return undefined;
    } else if (isActive()) {
      const result = pipelines.value(action);
      if (result === UNKNOWN) return undefined;
      value += String(result);
    }
    if (value.length > MAX_VALUE) return undefined;
  }
  return blocks.length > 0 ? undefined : { value: value.trim(), options: [...pipelines.usedOptions] };
}

function isBlockAction(action: string): boolean {
  return /^\s*(?:if|else|end|range|with|define|block|template)\b/.test(action);
}

/** Applies `if`, `else if`, `else` or `end`; returns false if its effect is unknown. */
function runBlockAction(action: string, blocks: Block[], pipelines: Pipelines): boolean {
  const block = blocks.at(-1);
  if (action === 'end') return blocks.pop() !== undefined;
  if (action.startsWith('if ')) {
    const isOuterActive = block?.isActive ?? true;
    const opened = { isOuterActive, isDone: false, isActive: false };
    blocks.push(opened);
    return takeBranch(opened, action.slice('if '.length), pipelines);
  }
  if (!block) return false;
  if (action === 'else') return takeBranch(block, 'true', pipelines);
  const elseIf = /^else\s+if\s/.exec(action);
  return elseIf ? takeBranch(block, action.slice(elseIf[0].length), pipelines) : false;
}

/** Makes the next branch of a block active if its condition is the first that is true. */
function takeBranch(block: Block, condition: string, pipelines: Pipelines): boolean {
  if (!block.isOuterActive || block.isDone) {
    block.isActive = false;
    return true;
  }
  const value = pipelines.value(condition);
  if (value === UNKNOWN) return false;
  block.isActive = isTrue(value);
  block.isDone = block.isActive;
  return true;
}
