import { stringify } from 'yaml';

/** Writes a string as a YAML scalar that every parser reads as a string. */
export function scalarText(text: string): string {
  const plain = stringify(text, { compat: 'yaml-1.1', lineWidth: 0 }).trimEnd();
  return plain === text && /^[\w./:-]+$/.test(text) ? text : JSON.stringify(text);
}
