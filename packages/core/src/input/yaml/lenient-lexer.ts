import { Lexer } from 'yaml';

/** The parts of yaml's lexer that decide where a flow collection or a quoted scalar ends. */
interface LexerState {
  readonly buffer: string;
  readonly pos: number;
  readonly flowLevel: number;
  indentNext: number;
  parseFlowCollection(): Generator<string, unknown>;
  parseQuotedScalar(): Generator<string, unknown>;
}

/**
 * Makes a lexer that ignores indentation inside flow collections and quoted scalars, as go-yaml and libyaml do. YAML 1.2
 * requires these lines to be indented more than the parent.
 */
export function lenientLexer(): Lexer {
  const lexer = new Lexer();
  const state = lexer as unknown as LexerState;
  const { parseFlowCollection, parseQuotedScalar } = state;
  state.parseFlowCollection = function* () {
    const indent = state.indentNext;
    state.indentNext = 0;
    const next = yield* parseFlowCollection.call(state);
    if (state.flowLevel > 0 || isClosed(state)) state.indentNext = indent;
    return next;
  };
  state.parseQuotedScalar = function* () {
    const indent = state.indentNext;
    state.indentNext = 0;
    const next = yield* parseQuotedScalar.call(state);
    state.indentNext = indent;
    return next;
  };
  return lexer;
}

/** Returns whether the collection ended with its bracket; a document marker also ends it. */
function isClosed({ buffer, pos }: LexerState): boolean {
  const last = buffer[pos - 1];
  return last === '}' || last === ']';
}
