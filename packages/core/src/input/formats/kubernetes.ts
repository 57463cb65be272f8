import type { Node } from 'yaml';
import type { UsedImage } from '../model/spec.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** Kind → path of its pod spec. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
};
const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

/** The fields of a used image that do not describe its object. */
export type ImageInObject = Pick<UsedImage, 'image' | 'pullPolicies' | 'field' | 'container' | 'pullSecrets'>;

/** Returns the images of a workload's pods; none for other kinds. */
export function workloadImages(document: SpecDocument, { node, kind }: KubernetesObject): ImageInObject[] {
  const path = podPath(kind);
  return path ? podImages(document, node, ...path) : [];
}

/** Returns the pod specs of a workload: several if a template has branches, none for other kinds. */
export function podsOf(document: SpecDocument, { node, kind }: KubernetesObject): Node[] {
  const path = podPath(kind);
  return path ? document.all(node, ...path) : [];
}

function podPath(kind: string): readonly string[] | undefined {
  return Object.hasOwn(POD_SPECS, kind) ? POD_SPECS[kind] : undefined;
}

/** Returns the images of the pod specs at a path: those of containers and of image volumes. */
export function podImages(document: SpecDocument, node: Node, ...path: readonly string[]): ImageInObject[] {
  return document.all(node, ...path).flatMap(pod => {
    const secrets = document.items(pod, 'imagePullSecrets');
    const pullSecrets = secrets.flatMap(secret => document.text(document.get(secret, 'name')) ?? []);
    const nameOf = (part: Node) => document.text(document.get(part, 'name'))?.value;
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
