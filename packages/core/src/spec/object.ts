import type { Node } from 'yaml';
import type { SpecDocument } from './document.ts';

/** A Kubernetes object, as far as every kind is the same. */
export interface KubernetesObject {
  readonly node: Node;
  readonly apiVersion: string;
  readonly kind: string;
  /** `metadata.name`. */
  readonly workload: string | undefined;
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
  const textOf = (parent: Node | null | undefined, key: string) =>
    document.text(document.get(parent, key))?.value;
  const kind = textOf(node, 'kind');
  const apiVersion = textOf(node, 'apiVersion');
  if (node === null || kind === undefined || apiVersion === undefined || depth > MAX_LISTS) return;
  if (kind.endsWith('List')) {
    for (const item of document.items(document.get(node, 'items')))
      yield* objectsOf(document, item, depth + 1);
    return;
  }
  const metadata = document.get(node, 'metadata');
  yield {
    node,
    apiVersion,
    kind,
    workload: textOf(metadata, 'name'),
    namespace: textOf(metadata, 'namespace'),
  };
}
