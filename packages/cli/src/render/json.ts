import { maskSecrets } from '@airgap/core';

/**
 * Serialises a value to JSON. Secrets in its texts are masked before, so that the result is always JSON. Control
 * characters are escaped, so the text is safe for a terminal.
 */
export function formatJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, masked, indent).replace(/[^\P{C}\n]|[\u2028\u2029]/gu, escaped);
}

/** Masks a text, and the keys of an object; `JSON.stringify` calls it for every value. */
function masked(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return maskSecrets(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, field]) => [maskSecrets(key), field]);
  return Object.fromEntries(entries);
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
