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
/** Lists in Lists; an alias can make them endless. */
const MAX_LISTS = 10;

type PodImage = Pick<UsedImage, 'image' | 'pullPolicy' | 'list' | 'container'>;

/** The images of one Kubernetes object, or of every object of a List; nothing for any other kind. */
export function kubernetesImages(
  document: SpecDocument,
  object: Node | null = document.root,
  depth = 0,
): UsedImage[] {
  const textOf = (node: Node | null | undefined, key: string) =>
    document.text(document.get(node, key))?.value;
  const kind = textOf(object, 'kind');
  const apiVersion = textOf(object, 'apiVersion');
  if (kind === undefined || apiVersion === undefined || depth > MAX_LISTS) return [];
  if (kind.endsWith('List'))
    return document
      .items(document.get(object, 'items'))
      .flatMap(item => kubernetesImages(document, item, depth + 1));
  const path = Object.hasOwn(POD_SPECS, kind) ? POD_SPECS[kind] : undefined;
  if (!path) return [];
  const pod = path.reduce<Node | undefined>((node, key) => document.get(node, key), object ?? undefined);
  const metadata = document.get(object, 'metadata');
  const workload = textOf(metadata, 'name');
  const namespace = textOf(metadata, 'namespace');
  return podImages(document, pod).map(image => ({ ...image, apiVersion, kind, workload, namespace }));
}

function podImages(document: SpecDocument, pod: Node | undefined): PodImage[] {
  const containers = CONTAINER_LISTS.flatMap(list =>
    document.items(document.get(pod, list)).flatMap(container => {
      const pullPolicy = document.field(container, 'imagePullPolicy');
      const name = document.text(document.get(container, 'name'))?.value;
      return document.fields(container, 'image').map(image => ({ image, pullPolicy, list, container: name }));
    }),
  );
  const volumes = document.items(document.get(pod, 'volumes')).flatMap(volume => {
    const source = document.get(volume, 'image');
    const pullPolicy = document.field(source, 'pullPolicy');
    const name = document.text(document.get(volume, 'name'))?.value;
    return document
      .fields(source, 'reference')
      .map(image => ({ image, pullPolicy, list: 'volumes', container: name }));
  });
  return [...containers, ...volumes];
}
