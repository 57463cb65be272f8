import { maskSecrets } from '@airgap/core';

/** Serialises a value to JSON. Control characters are escaped, so the text is safe for a terminal. */
export function formatJson(value: unknown, indent?: number): string {
  return maskSecrets(JSON.stringify(value, undefined, indent)).replace(
    /[^\P{C}\n]|[\u2028\u2029]/gu,
    escaped,
  );
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
