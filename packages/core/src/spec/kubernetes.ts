import type { Node } from 'yaml';
import type { SpecDocument } from './document.ts';
import type { UsedImage } from './image.ts';

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

/** The images of one Kubernetes object, or of every object of a List; nothing for any other kind. */
export function kubernetesImages(document: SpecDocument, object: Node | null = document.root): UsedImage[] {
  const kind = document.text(document.get(object, 'kind'))?.value;
  if (kind === undefined || document.get(object, 'apiVersion') === undefined) return [];
  if (kind.endsWith('List'))
    return document.items(document.get(object, 'items')).flatMap(item => kubernetesImages(document, item));
  const path = POD_SPECS[kind];
  if (!path) return [];
  const pod = path.reduce<Node | undefined>((node, key) => document.get(node, key), object ?? undefined);
  const workload = document.text(document.get(document.get(object, 'metadata'), 'name'))?.value;
  return podImages(document, pod).map(image => ({ ...image, kind, workload }));
}

function podImages(document: SpecDocument, pod: Node | undefined): Omit<UsedImage, 'kind' | 'workload'>[] {
  const containers = CONTAINER_LISTS.flatMap(list =>
    document.items(document.get(pod, list)).flatMap(node => {
      const image = document.text(document.get(node, 'image'));
      const container = document.text(document.get(node, 'name'))?.value;
      const pullPolicy = document.text(document.get(node, 'imagePullPolicy'));
      return image ? [{ image, pullPolicy, list, container }] : [];
    }),
  );
  const volumes = document.items(document.get(pod, 'volumes')).flatMap(volume => {
    const source = document.get(volume, 'image');
    const image = document.text(document.get(source, 'reference'));
    const pullPolicy = document.text(document.get(source, 'pullPolicy'));
    return image
      ? [
          {
            image,
            pullPolicy,
            list: 'volumes',
            container: document.text(document.get(volume, 'name'))?.value,
          },
        ]
      : [];
  });
  return [...containers, ...volumes];
}
