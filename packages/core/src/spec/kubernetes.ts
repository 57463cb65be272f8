import type { Node } from 'yaml';
import type { SpecDocument } from './document.ts';
import type { UsedImage } from './image.ts';
import type { KubernetesObject } from './object.ts';

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
export type ImageInObject = Pick<UsedImage, 'image' | 'pullPolicy' | 'list' | 'container' | 'pullSecrets'>;

/** The images of a workload's pods; nothing for any other kind. */
export function workloadImages(document: SpecDocument, object: KubernetesObject): ImageInObject[] {
  return podImages(document, podOf(document, object));
}

/** The pod spec of a workload; nothing for any other kind. */
export function podOf(document: SpecDocument, { node, kind }: KubernetesObject): Node | undefined {
  const path = Object.hasOwn(POD_SPECS, kind) ? POD_SPECS[kind] : undefined;
  return path?.reduce<Node | undefined>((parent, key) => document.get(parent, key), node);
}

/** The images of a pod spec: of its containers, and those mounted as volumes. */
export function podImages(document: SpecDocument, pod: Node | undefined): ImageInObject[] {
  const secrets = document.items(document.get(pod, 'imagePullSecrets'));
  const pullSecrets = secrets.flatMap(secret => document.text(document.get(secret, 'name')) ?? []);
  const containers = CONTAINER_LISTS.flatMap(list =>
    document.items(document.get(pod, list)).flatMap(container => {
      const pullPolicy = document.field(container, 'imagePullPolicy');
      const name = document.text(document.get(container, 'name'))?.value;
      return document
        .fields(container, 'image')
        .map(image => ({ image, pullPolicy, list, container: name, pullSecrets }));
    }),
  );
  const volumes = document.items(document.get(pod, 'volumes')).flatMap(volume => {
    const source = document.get(volume, 'image');
    const pullPolicy = document.field(source, 'pullPolicy');
    const name = document.text(document.get(volume, 'name'))?.value;
    return document
      .fields(source, 'reference')
      .map(image => ({ image, pullPolicy, list: 'volumes', container: name, pullSecrets }));
  });
  return [...containers, ...volumes];
}
