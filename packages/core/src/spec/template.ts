/** Stands for a template in masked text; nobody writes this private-use character. */
const MASK = '\uE000';
/** `{{repl …}}`, `repl{{ … }}` and Helm's `{{ … }}`; bounded, so that a stray brace cannot swallow the file. */
const TEMPLATE = /(?:repl)?\{\{[^\n]{0,2000}?\}\}/g;

/**
 * Hides Go templates from a YAML parser, every line and column staying where it is. A line of nothing but
 * templates (`{{repl if …}}`) becomes blank; elsewhere a template becomes one word.
 */
export function maskTemplates(text: string): string {
  return text
    .split('\n')
    .map(line => (line.includes('{{') ? maskLine(line) : line))
    .join('\n');
}

/** Says whether a masked text had a template in it. */
export function isTemplated(masked: string): boolean {
  return masked.includes(MASK);
}

function maskLine(line: string): string {
  const masked = line.replace(TEMPLATE, template => MASK.repeat(template.length));
  const rest = masked.replaceAll(MASK, '').trim();
  return rest === '' ? masked.replaceAll(MASK, ' ') : masked;
}
