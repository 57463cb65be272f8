/** The start of a message about a local source, which may end with a colon of its own: `docker:`, `oci:app:`. */
export function prefix(source: string): string {
  return source.endsWith(':') ? source : `${source}:`;
}
