/** One scheme of a `WWW-Authenticate` header with its parameters (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer` or `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The schemes that are answered. */
const SUPPORTED = new Set(['bearer', 'basic']);

/** Returns whether a `WWW-Authenticate` header has a challenge that can be answered. */
export function isAnswerable(header: string | readonly string[] | undefined): boolean {
  return parseChallenges(header).some(({ scheme }) => SUPPORTED.has(scheme));
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER =
  /(?<key>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^\s,"]+))/y;
const SEPARATOR = /[\s,]*/y;

/** Parses the challenges of one or several `WWW-Authenticate` headers, up to the first malformed one. */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ');
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const takeParameter = () => {
    take(SEPARATOR);
    return take(PARAMETER);
  };
  for (;;) {
    take(SEPARATOR);
    const scheme = take(TOKEN);
    if (!scheme) return challenges;
    const parameters: Record<string, string> = {};
    for (let match = takeParameter(); match; match = takeParameter()) {
      const { key = '', quoted, bare = '' } = match.groups ?? {};
      parameters[key.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? bare;
    }
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters });
  }
}
