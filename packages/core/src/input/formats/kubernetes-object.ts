import type { Node } from 'yaml';
import type { SpecDocument } from '../yaml/document.ts';

/** A Kubernetes object, as far as every kind is the same. */
export interface KubernetesObject {
  readonly node: Node;
  readonly apiVersion: string;
  readonly kind: string;
  /** `metadata.name`. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

/** Lists in Lists; an alias can make them endless. */
const MAX_LISTS = 10;

/** The Kubernetes object that a document holds, or every object of its List. */
export function* objectsOf(
  document: SpecDocument,
  node: Node | null = document.root,
  depth = 0,
): Generator<KubernetesObject> {
  const textOf = (...path: string[]) => document.text(document.get(node, ...path))?.value;
  const kind = textOf('kind');
  const apiVersion = textOf('apiVersion');
  if (node === null || kind === undefined || apiVersion === undefined || depth > MAX_LISTS) return;
  if (kind.endsWith('List')) {
    for (const item of document.items(node, 'items')) yield* objectsOf(document, item, depth + 1);
    return;
  }
  yield {
    node,
    apiVersion,
    kind,
    name: textOf('metadata', 'name'),
    namespace: textOf('metadata', 'namespace'),
  };
}
