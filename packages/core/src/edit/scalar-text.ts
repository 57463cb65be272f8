import { stringify } from 'yaml';

/** Writes a text so that every reader takes it as one. */
export function scalarText(text: string): string {
  const plain = stringify(text, { compat: 'yaml-1.1', lineWidth: 0 }).trimEnd();
  return plain === text && /^[\w./:-]+$/.test(text) ? text : JSON.stringify(text);
}
