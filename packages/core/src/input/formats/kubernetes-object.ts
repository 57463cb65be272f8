import type { Node } from 'yaml';
import type { UsedImage } from '../model/spec.ts';
import type { SpecDocument } from '../yaml/document.ts';

/** The fields that every Kubernetes object has. */
export interface KubernetesObject {
  readonly node: Node;
  readonly apiVersion: string;
  readonly kind: string;
  /** `metadata.name`. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

/** The fields of a used image that do not describe its object. */
export type ImageInObject = Pick<UsedImage, 'image' | 'pullPolicies' | 'field' | 'container' | 'pullSecrets'>;

/** Maximum nesting of Lists; an alias can make them recursive. */
const MAX_LISTS = 10;

/** The kind and API version of an item that has none of its own. */
type ItemType = Pick<KubernetesObject, 'apiVersion' | 'kind'>;

/**
 * Yields the Kubernetes object of a document, or every object of its List. The items of a typed list, for example
 * PodList, may leave out their kind.
 */
export function* objectsOf(
  document: SpecDocument,
  node: Node | null = document.root,
  itemType?: ItemType,
  depth = 0,
): Generator<KubernetesObject> {
  const textOf = (...path: string[]) => document.value(document.get(node, ...path));
  const kind = textOf('kind') ?? itemType?.kind;
  const apiVersion = textOf('apiVersion') ?? itemType?.apiVersion;
  if (node === null || kind === undefined || apiVersion === undefined || depth > MAX_LISTS) return;
  if (kind.endsWith('List') && document.isList(document.get(node, 'items'))) {
    const type = kind === 'List' ? undefined : { kind: kind.slice(0, -'List'.length), apiVersion };
    for (const item of document.items(node, 'items')) yield* objectsOf(document, item, type, depth + 1);
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
