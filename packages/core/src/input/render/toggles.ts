import type { Node } from 'yaml';
import { SpecDocument } from '../yaml/document.ts';

/** Maximum number of toggles of one chart. */
const MAX_TOGGLES = 100;
const MAX_DEPTH = 20;

/**
 * Returns the toggles of a chart as `--set` writes their keys: each `enabled: false` in its values, and the conditions of
 * its dependencies.
 *
 * @param values the text of values.yaml
 * @param chart the text of Chart.yaml
 */
export function togglesOf(values: string, chart: string): string[] {
  const toggles = new Set<string>();
  for (const document of documentsOf(values)) addToggles(document, document.root, [], toggles);
  for (const document of documentsOf(chart)) {
    for (const dependency of document.items(document.root, 'dependencies')) {
      const condition = document.text(document.get(dependency, 'condition'))?.value ?? '';
      for (const key of condition.split(',')) if (key.trim() !== '') toggles.add(key.trim());
    }
  }
  return [...toggles].slice(0, MAX_TOGGLES);
}

function addToggles(
  document: SpecDocument,
  node: Node | null | undefined,
  path: readonly string[],
  toggles: Set<string>,
): void {
  if (path.length > MAX_DEPTH || toggles.size >= MAX_TOGGLES) return;
  for (const [key, value] of document.entries(node)) {
    const here = [...path, key];
    const isOff = key === 'enabled' && document.isPlain(value) && document.text(value)?.value === 'false';
    if (isOff) toggles.add(here.map(escaped).join('.'));
    else if (document.isMap(value)) addToggles(document, value, here, toggles);
  }
}

/** Escapes what `--set` treats as syntax. */
function escaped(key: string): string {
  return key.replace(/[\\.,=[\]{}]/g, '\\$&');
}

function documentsOf(text: string): SpecDocument[] {
  return [...SpecDocument.parse({ file: '', text, rendered: true })].filter(
    document => document instanceof SpecDocument,
  );
}
