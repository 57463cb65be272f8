import type { Node, YAMLMap } from 'yaml';
import type { SpecDocument } from '../yaml/document.ts';

/** Yields every mapping at or below a node, in source order; a mapping that aliases repeat is yielded once. */
export function* mappingsBelow(document: SpecDocument, node: Node): Generator<YAMLMap> {
  const seen = new Set<Node>();
  const pending: (Node | undefined)[] = [node];
  while (pending.length > 0) {
    const next = pending.pop();
    if (next === undefined || seen.has(next)) continue;
    seen.add(next);
    const mapping = document.mapping(next);
    if (!mapping) {
      for (const item of document.items(next).toReversed()) pending.push(item);
      continue;
    }
    if (mapping !== next && seen.has(mapping)) continue;
    seen.add(mapping);
    yield mapping;
    for (const [, value] of document.entries(mapping).toReversed()) pending.push(value);
  }
}
