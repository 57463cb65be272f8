import { Composer, type Document, Lexer, type LineCounter, Parser } from 'yaml';

/** How deep collections may nest; a deeper document would overflow the stack of whoever reads it. */
const MAX_DEPTH = 500;
/** How many tokens one document may have; each costs some 200 bytes of memory. Most files have one for 3 bytes. */
const MAX_TOKENS = 3_000_000;
/** How long a quoted or indented value may be, in UTF-16 units; unfolding it costs some 50 bytes for each. */
const MAX_VALUE = 8_000_000;

const OPTIONS = {
  // Keeps what was written: a tag may be 3.10.
  schema: 'failsafe' as const,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent' as const,
};

/** A document that is too large or too deep to be read, whatever it says. */
export class DocumentLimitError extends Error {
  /** Where the limit was reached, in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Parses a text's YAML documents one after the other, so that only one at a time takes memory. Errors are in the
 * documents.
 *
 * @throws DocumentLimitError for a document beyond the limits, after those before it
 */
export function* documentStream(text: string, lines: LineCounter): Generator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  yield* new Composer({ ...OPTIONS, lineCounter: lines }).compose(tokens(text, parser, lines));
}

function* tokens(text: string, parser: Parser, lines: LineCounter): ReturnType<Parser['parse']> {
  lines.addNewLine(0);
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
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
