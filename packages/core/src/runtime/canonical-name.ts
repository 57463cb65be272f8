import { Reference } from '../reference/reference.ts';

/** The canonical form of an image name that a runtime reports; empty for a name that is not a valid reference. */
export function canonicalName(text: string): string[] {
  try {
    return [Reference.parse(text).toString()];
  } catch {
    return [];
  }
}
