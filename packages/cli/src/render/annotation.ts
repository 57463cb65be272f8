import type { Finding } from '@airgap/core';
import { maskSecrets } from '@airgap/core';
import { pathBelow } from './artifact.ts';
import { printable } from './printable.ts';

/**
 * Writes a finding as a workflow command, which GitHub shows at its line of the change.
 *
 * @param folder absolute: files below it are named from there
 */
export function renderAnnotation(finding: Finding, folder: string): string {
  const { severity, rule, message, hint, position, related = [] } = finding;
  const { file, line, column } = position;
  const properties = { file: pathBelow(folder, file) ?? file, line, col: column, title: rule };
  const places = related.map(one => `${one.position.file}:${one.position.line}: ${one.message}`);
  const text = [message, ...places, `Fix: ${hint}`].join('\n');
  const list = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`);
  return `::${severity === 'info' ? 'notice' : severity} ${list.join(',')}::${data(text)}`;
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Line ends come as the command's own escapes; what is left of control characters is shown as text. */
function data(text: string): string {
  const escaped = maskSecrets(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return printable(escaped);
}
