import { Composer, type Document, type LineCounter, Parser } from 'yaml';
import { jsonObjects } from './json-objects.ts';
import { lenientLexer } from './lenient-lexer.ts';

/** Maximum nesting of collections; a deeper document could overflow the stack of its readers. */
const MAX_DEPTH = 500;
/** Maximum number of tokens in one document; each takes about 200 bytes of memory. Most files have one per 3 bytes. */
const MAX_TOKENS = 3_000_000;
/** Maximum length of a quoted or indented value in UTF-16 units; unfolding takes about 50 bytes for each. */
const MAX_VALUE = 8_000_000;

const OPTIONS = {
  // Keeps scalars as written: a tag may be 3.10.
  schema: 'failsafe' as const,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent' as const,
};

/** A document exceeds a size or nesting limit. */
export class DocumentLimitError extends Error {
  /** Offset where the limit was reached, in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Parses the YAML documents of a text one by one, so that only one is in memory at a time. Each document holds its
 * own syntax errors.
 *
 * @throws DocumentLimitError when a document exceeds a limit, after yielding the documents before it
 */
export function* documentStream(text: string, lines: LineCounter): Generator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  yield* new Composer({ ...OPTIONS, lineCounter: lines }).compose(tokens(text, parser, lines));
}

function* tokens(text: string, parser: Parser, lines: LineCounter): ReturnType<Parser['parse']> {
  lines.addNewLine(0);
  for (const object of jsonObjects(text)) yield* documentTokens(object, parser);
}

function* documentTokens(text: string, parser: Parser): ReturnType<Parser['parse']> {
  let count = 0;
  for (const lexeme of lenientLexer().lex(text)) {
    count += 1;
    if (count > MAX_TOKENS || lexeme.length > MAX_VALUE)
      throw new DocumentLimitError('the document is too large', parser.offset);
    for (const token of parser.next(lexeme)) {
      if (token.type === 'document') count = 0;
      yield token;
    }
    if (parser.stack.length > MAX_DEPTH)
      throw new DocumentLimitError('the document is nested too deeply', parser.offset);
  }
  yield* parser.end();
}
