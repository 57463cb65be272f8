import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** A regular expression in the source code. */
export interface SourceRegex {
  /** `file:line`. */
  readonly place: string;
  readonly regex: RegExp;
}

/** A `new RegExp` with parts that are known only when it runs. */
export interface DynamicRegex {
  readonly place: string;
  readonly text: string;
}

/** Collects all regular expressions of the TypeScript and JavaScript files below a folder; tests are left out. */
export function regexesBelow(folder: string): {
  readonly literals: SourceRegex[];
  readonly dynamic: DynamicRegex[];
} {
  const literals: SourceRegex[] = [];
  const dynamic: DynamicRegex[] = [];
  for (const file of sourcesBelow(folder)) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const place = `${relative(folder, file)}:${line + 1}`;
      if (ts.isRegularExpressionLiteral(node)) literals.push({ place, regex: parseLiteral(node.text) });
      if (ts.isNewExpression(node) && node.expression.getText() === 'RegExp')
        dynamic.push({ place, text: node.getText() });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { literals, dynamic };
}

function sourcesBelow(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return files
    .filter(file => /\.[jt]s$/.test(file) && !/\.test\.ts$/.test(file))
    .map(file => join(folder, file));
}

function parseLiteral(text: string): RegExp {
  const end = text.lastIndexOf('/');
  return new RegExp(text.slice(1, end), text.slice(end + 1));
}

/** A character that no expression of the project names. */
const NEVER = '\u{10FFFD}';
/** One of each common class. */
const COMMON = ['a', 'A', '1', ' ', '\n', '.', '-', NEVER];

/**
 * Makes texts that an expression almost matches: every start that it accepts, then a part of it over and over, then
 * something that it does not accept.
 *
 * @param size of the repeated part, in characters
 * @param maxPumps how many parts are tried, the most likely first
 */
export function* nearMisses(regex: RegExp, size: number, maxPumps: number): Generator<string> {
  const atoms = atomsOf(regex.source);
  const words = wordsOf(regex.source);
  const single = [...new Set([...atoms, ...COMMON])];
  const pairs = atoms.flatMap((first, at) => atoms.slice(at + 1, at + 4).map(second => first + second));
  const pumps = [...new Set([...single, ...words, ...pairs])].slice(0, maxPumps);
  const starts = startsOf(atoms, words);
  for (const pump of pumps) {
    const repeated = pump.repeat(Math.ceil(size / pump.length));
    for (const start of starts) for (const end of ['', NEVER, '\na!']) yield start + repeated + end;
  }
}

/** What may come before the repeated part: nothing, the first atoms, or a word. */
function startsOf(atoms: readonly string[], words: readonly string[]): string[] {
  const prefixes = [1, 2, 4, 8].map(count => atoms.slice(0, count).join(''));
  return [...new Set(['', NEVER, ...prefixes, ...words.slice(0, 2)])];
}

/** A text for each character, escape and class of a pattern, in their order. */
function atomsOf(source: string): string[] {
  const atoms: string[] = [];
  for (const [atom] of source.matchAll(
    /\[(?:[^\]\\]|\\.)*\]|\\p\{[^}]*\}|\\u\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\.|[^()|?*+{}^$]/gu,
  )) {
    const sample = sampleOf(atom);
    if (sample !== undefined && sample !== atoms.at(-1)) atoms.push(sample);
  }
  return atoms;
}

/** A character that an atom matches. */
function sampleOf(atom: string): string | undefined {
  const single = regexOf(`^${atom}$`);
  const candidates = [...' \ta1A_-./:@"\'#{}[]()<>=,;!?*+&|%~^`$\\\n', atom];
  return candidates.find(candidate => single?.test(candidate));
}

/** Undefined for a part that makes no sense alone, such as a reference to a group. */
function regexOf(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined;
  }
}

/** The literal words of a pattern, such as `https`. */
function wordsOf(source: string): string[] {
  return [...new Set([...source.matchAll(/(?<!\\)[A-Za-z:/"#]{2,}/g)].map(([word]) => word))];
}
