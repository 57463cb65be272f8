import type { Finding } from '@airgap/core';
import { maskSecrets } from '@airgap/core';
import { pathBelow } from './artifact.ts';
import { printable } from './printable.ts';

/**
 * Renders a finding as a GitHub workflow command. GitHub shows it at the line of the change.
 *
 * @param folder absolute path; files below it get relative names
 */
export function renderAnnotation(finding: Finding, folder: string): string {
  const { severity, rule, message, hint, position, related = [] } = finding;
  const { file, line, column } = position;
  const properties = { file: pathBelow(folder, file) ?? file, line, col: column, title: rule };
  const places = related.map(place => `${place.position.file}:${place.position.line}: ${place.message}`);
  const text = [message, ...places, `Fix: ${hint}`].join('\n');
  const list = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`);
  return `::${severity === 'info' ? 'notice' : severity} ${list.join(',')}::${data(text)}`;
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Escapes line endings as workflow commands require, and all other control characters as text. */
function data(text: string): string {
  const escaped = maskSecrets(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return printable(escaped);
}
