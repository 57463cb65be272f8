import { MAX_VALUE, type TemplateValue, templateFunction, UNKNOWN } from './template-functions.ts';

/** Maximum nesting of parentheses. */
const MAX_DEPTH = 50;
/** A string that is not closed goes up to the end, so that each character is looked at once. */
const TOKEN = /\s+|"(?:[^"\\]+|\\.?)*(?:"|$)|`[^`]*(?:`|$)|[()|]|[^\s()|"`]+/gs;

/** Evaluates the pipelines of one template, for example `HasLocalRegistry | ternary LocalRegistryHost "quay.io"`. */
export class Pipelines {
  readonly #options: ReadonlyMap<string, string>;
  /** The KOTS options that decided a value. */
  readonly usedOptions = new Set<string>();

  constructor(options: ReadonlyMap<string, string>) {
    this.#options = options;
  }

  /** Returns the value of a pipeline; unknown for everything that only Go's templates know. Linear in its length. */
  value(pipeline: string): TemplateValue {
    const tokens = (pipeline.match(TOKEN) ?? []).filter(token => token.trim() !== '').reverse();
    const value = this.#pipeline(tokens, 0);
    return tokens.length > 0 ? UNKNOWN : value;
  }

  /** Consumes tokens from the end, up to a closing parenthesis. */
  #pipeline(tokens: string[], depth: number): TemplateValue {
    if (depth > MAX_DEPTH) return UNKNOWN;
    let piped: TemplateValue[] = [];
    do {
      piped = [this.#command(tokens, depth, piped)];
    } while (tokens.at(-1) === '|' && tokens.pop());
    return piped[0] ?? UNKNOWN;
  }

  /** @param piped the value of the command before, which becomes the last argument */
  #command(tokens: string[], depth: number, piped: readonly TemplateValue[]): TemplateValue {
    const head = tokens.pop();
    if (head === undefined || head === ')' || head === '|') return UNKNOWN;
    if (!/^[A-Za-z]\w*$/.test(head) || head === 'true' || head === 'false') {
      const value = this.#operand(head, tokens, depth);
      return piped.length > 0 ? UNKNOWN : value;
    }
    const args: TemplateValue[] = [];
    for (let next = tokens.at(-1); next !== undefined && next !== ')' && next !== '|'; next = tokens.at(-1)) {
      tokens.pop();
      args.push(this.#operand(next, tokens, depth));
    }
    return this.#call(head, [...args, ...piped]);
  }

  #operand(token: string, tokens: string[], depth: number): TemplateValue {
    if (token === '(') {
      const value = this.#pipeline(tokens, depth + 1);
      return tokens.pop() === ')' ? value : UNKNOWN;
    }
    if (token.startsWith('"')) return unquoted(token);
    if (token.startsWith('`')) return rawString(token);
    if (token === 'true' || token === 'false') return token === 'true';
    if (/^\d+$/.test(token)) return token;
    return this.#call(token, []);
  }

  #call(name: string, args: TemplateValue[]): TemplateValue {
    const run = templateFunction(name, option => {
      const value = this.#options.get(option);
      if (value !== undefined) this.usedOptions.add(option);
      return value;
    });
    const value = run?.(...args) ?? UNKNOWN;
    return typeof value === 'string' && value.length > MAX_VALUE ? UNKNOWN : value;
  }
}

function rawString(token: string): TemplateValue {
  return token.length > 1 && token.endsWith('`') ? token.slice(1, -1) : UNKNOWN;
}

function unquoted(token: string): TemplateValue {
  try {
    return String(JSON.parse(token));
  } catch {
    return UNKNOWN;
  }
}
