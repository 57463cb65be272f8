import { maskSecrets } from '@airgap/core';

/** Writes JSON in which nothing can steer a terminal: it reads back as the same value. */
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
