import { AirgapError } from '../../model/errors.ts';
import type { SourceText } from '../model/source-text.ts';
import type { ListedImage } from '../model/spec.ts';

interface Line {
  readonly reference: string;
  readonly line: number;
  readonly column: number;
}

/** Returns whether a text is a plain list: one reference per line, comments and blank lines, but no YAML. */
export function isList(source: SourceText): boolean {
  let isEmpty = true;
  for (const line of linesOf(source)) {
    if (!isReferenceLike(line)) return false;
    isEmpty = false;
  }
  return !isEmpty;
}

/** Returns whether most lines of a text are references: the others are mistakes in a list. YAML has hardly any. */
export function isMostlyList(source: SourceText): boolean {
  let references = 0;
  let others = 0;
  for (const line of linesOf(source)) {
    if (isReferenceLike(line)) references += 1;
    else others += 1;
  }
  return references > others;
}

/** Makes the error for a text of plain words that is neither a YAML mapping nor a list. */
export function notAList(source: SourceText): AirgapError {
  const { line, column } = firstInvalid(source);
  return new AirgapError('INPUT', 'neither a YAML mapping nor a list with one image reference per line', {
    where: { position: { file: source.file, line, column } },
    hint: 'Write one reference per line, for example quay.io/team/app:1.2; comments begin with #.',
  });
}

function firstInvalid(source: SourceText): { line: number; column: number } {
  for (const line of linesOf(source)) if (!isReferenceLike(line)) return line;
  return { line: 1, column: 1 };
}

function isReferenceLike({ reference }: Line): boolean {
  const withoutIpv6 = reference.replace(/^\[[0-9a-fA-F:]+\](?=[:/])/, 'host');
  return /^[^\s\p{C}{}[\]"'#-][^\s\p{C}{}[\]"'#]{0,999}$/u.test(withoutIpv6) && !reference.endsWith(':');
}

/** Yields the references of a plain list one by one; a list may have millions. */
export function* listImages(source: SourceText): Generator<ListedImage> {
  for (const { reference, line, column } of linesOf(source)) {
    const position = { file: source.file, line, column };
    yield {
      form: 'list',
      source: 'public',
      name: reference,
      tag: undefined,
      position,
      sourcePosition: position,
      tagPosition: position,
    };
  }
}

function* linesOf({ text }: SourceText): Generator<Line> {
  let number = 1;
  for (let start = 0; start <= text.length; number += 1) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const line = text.slice(start, end);
    const comment = line.search(/(?:^|\s)#/);
    const reference = line.slice(0, comment < 0 ? line.length : comment).trim();
    if (reference !== '') yield { reference, line: number, column: line.indexOf(reference) + 1 };
    start = end + 1;
  }
}
