import type { Node } from 'yaml';
import type { UsedImage } from '../model/spec.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** From a kind to the pod spec in it. */
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

/** What an image of an object is besides being of that object. */
export type ImageInObject = Pick<UsedImage, 'image' | 'pullPolicies' | 'field' | 'container' | 'pullSecrets'>;

/** The images of a workload's pods; nothing for any other kind. */
export function workloadImages(document: SpecDocument, { node, kind }: KubernetesObject): ImageInObject[] {
  const path = podPath(kind);
  return path ? podImages(document, node, ...path) : [];
}

/** The pod specs of a workload: several where a template has branches, none for any other kind. */
export function podsOf(document: SpecDocument, { node, kind }: KubernetesObject): Node[] {
  const path = podPath(kind);
  return path ? document.all(node, ...path) : [];
}

function podPath(kind: string): readonly string[] | undefined {
  return Object.hasOwn(POD_SPECS, kind) ? POD_SPECS[kind] : undefined;
}

/** The images of the pod specs at a path: of their containers, and those mounted as volumes. */
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

/** The images of a mapping, each with its pull policies: in the branches of a template, each image may have its own. */
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
