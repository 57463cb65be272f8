import { interpolate, type Variables } from './interpolation.ts';

const LINE = /^\s*(?:export\s+)?(?<name>[A-Za-z_][\w.-]*)\s*=\s*(?<value>.*)$/;

/**
 * Parses an env file as Compose does: `NAME=value`, quotes, comments, and variables in unquoted or double-quoted values.
 * Ignores other lines, and values whose variables are not set.
 *
 * @param before variables that the values may use
 */
export function parseDotenv(text: string, before: Variables = new Map()): Map<string, string> {
  const variables = new Map(before);
  const parsed = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const { name, value = '' } = LINE.exec(line)?.groups ?? {};
    if (name === undefined) continue;
    const resolved = parsedValue(value, variables);
    if (resolved === undefined) continue;
    variables.set(name, resolved);
    parsed.set(name, resolved);
  }
  return parsed;
}

function parsedValue(text: string, variables: Variables): string | undefined {
  const quote = text[0];
  const end = quote === "'" || quote === '"' ? text.indexOf(quote, 1) : -1;
  if (end < 0) return interpolate(withoutComment(text), variables);
  const quoted = text.slice(1, end);
  return quote === "'" ? quoted : interpolate(quoted, variables);
}

function withoutComment(text: string): string {
  const comment = text.search(/(?:^|\s)#/);
  return (comment < 0 ? text : text.slice(0, comment)).trim();
}
