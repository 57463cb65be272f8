import { Reference } from '../reference/reference.ts';

/** A runtime's name for an image in canonical form; nothing for one that no bundle can have. */
export function canonicalName(text: string): string[] {
  try {
    return [Reference.parse(text).toString()];
  } catch {
    return [];
  }
}
