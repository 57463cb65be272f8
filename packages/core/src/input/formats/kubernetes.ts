import type { Node } from 'yaml';
import type { Text } from '../model/text.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { ImageInObject, KubernetesObject } from './kubernetes-object.ts';
import { mappingsBelow } from './mappings-below.ts';
import { POD_SPECS, wellKnownPaths } from './well-known-kinds.ts';

export type { ImageInObject } from './kubernetes-object.ts';

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

/** Returns the images of an object: those of its pods, and those in the image fields of a well-known custom kind. */
export function workloadImages(document: SpecDocument, object: KubernetesObject): ImageInObject[] {
  const inPods = podsOf(document, object).flatMap(pod => podImages(document, pod));
  if (isWorkload(object)) return inPods;
  const inFields = wellKnownPaths(object.apiVersion, object.kind).flatMap(path =>
    path.strings(document, object),
  );
  return [...inPods, ...inFields].filter(({ image }) => !isPattern(image)).map(markParameters);
}

/**
 * Returns the pod specs of an object: of a workload at their known path, of any other kind wherever they are. Several
 * if a template has branches.
 */
export function podsOf(document: SpecDocument, object: KubernetesObject): Node[] {
  const path = podPath(object);
  const pods = path ? document.all(object.node, ...path) : [];
  if (pods.length > 0 || hasOwnReader(object)) return pods;
  return [...mappingsBelow(document, object.node)].filter(mapping => isPodSpec(document, mapping));
}

function podPath({ kind }: KubernetesObject): readonly string[] | undefined {
  return Object.hasOwn(POD_SPECS, kind) ? POD_SPECS[kind] : undefined;
}

/** Returns whether Kubernetes itself runs the object, so that its images are neither patterns nor parameters. */
function isWorkload(object: KubernetesObject): boolean {
  return podPath(object) !== undefined;
}

/** Returns whether pods in the object are read by another format, or are a schema. */
function hasOwnReader({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'CustomResourceDefinition' || /^(?:troubleshoot\.|kots\.io\/)/.test(apiVersion);
}

/** Returns whether a mapping has a list of containers, at least one with an image. */
function isPodSpec(document: SpecDocument, mapping: Node): boolean {
  return CONTAINER_LISTS.some(list =>
    document
      .items(mapping, list)
      .some(container => document.value(document.get(container, 'image')) !== undefined),
  );
}

/** Policies match images with patterns such as `*:latest`, which no pod runs. */
function isPattern({ value, templated }: Text): boolean {
  return !templated && /[*!|]/.test(value);
}

/** Marks `$(params.image)` and `${IMAGE}` as templates: a controller replaces them. */
function markParameters(found: ImageInObject): ImageInObject {
  const { image } = found;
  return /\$[({]/.test(image.value) ? { ...found, image: { ...image, templated: true } } : found;
}

/** Returns the images of the pod specs at a path: those of containers and of image volumes. */
export function podImages(document: SpecDocument, node: Node, ...path: readonly string[]): ImageInObject[] {
  return document.all(node, ...path).flatMap(pod => {
    const secrets = document.items(pod, 'imagePullSecrets');
    const pullSecrets = secrets.flatMap(secret => document.text(document.get(secret, 'name')) ?? []);
    const nameOf = (part: Node) => document.value(document.get(part, 'name'));
    const containers = CONTAINER_LISTS.flatMap(list =>
      document.items(pod, list).flatMap(container =>
        pulledImages(document, container, 'image', 'imagePullPolicy').map(image => ({
          ...image,
          field: list,
          container: nameOf(container),
        })),
      ),
    );
    const volumes = document.items(pod, 'volumes').flatMap(volume =>
      document
        .all(volume, 'image')
        .flatMap(source => pulledImages(document, source, 'reference', 'pullPolicy'))
        .map(image => ({ ...image, field: 'volumes', container: nameOf(volume) })),
    );
    return [...containers, ...volumes].map(image => ({ ...image, pullSecrets }));
  });
}

/** Returns the images of a mapping with their pull policies; each branch of a template may have its own pair. */
export function pulledImages(
  document: SpecDocument,
  node: Node | undefined,
  key: string,
  policyKey: string,
): Pick<ImageInObject, 'image' | 'pullPolicies'>[] {
  const found = document.fields(node, key);
  const policies = document.fields(node, policyKey);
  return found.map((image, at) => ({
    image,
    pullPolicies: policies.length === found.length ? policies.slice(at, at + 1) : policies,
  }));
}
