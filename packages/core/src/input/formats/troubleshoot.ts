import type { Node } from 'yaml';
import type { SpecDocument } from '../yaml/document.ts';
import { type ImageInObject, podImages, pulledImages } from './kubernetes.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** The current API group and the one of v1beta1; all kinds have their collectors in the same fields. */
const GROUP = /^troubleshoot\.(?:sh|replicated\.com)\//;
const COLLECTOR_LISTS = ['collectors', 'hostCollectors', 'remoteCollectors'];

/**
 * Returns the images of Troubleshoot's collectors (Collector, SupportBundle, Preflight, …): `image` of `run` and
 * related collectors, and the pods of `runPod` and `runDaemonSet`. Without a policy, the `image` of a collector is
 * pulled only if missing.
 */
export function troubleshootImages(document: SpecDocument, object: KubernetesObject): ImageInObject[] {
  return collectorsOf(document, object).flatMap(([type, collector]) => {
    if (!collector) return [];
    const direct = pulledImages(document, collector, 'image', 'imagePullPolicy').map(image => ({
      ...image,
      field: 'collectors',
      container: type,
    }));
    return [...direct, ...podImages(document, collector, 'podSpec')];
  });
}

/** Returns the pod specs of Troubleshoot's collectors. */
export function collectorPods(document: SpecDocument, object: KubernetesObject): Node[] {
  return collectorsOf(document, object).flatMap(([, collector]) => document.all(collector, 'podSpec'));
}

function collectorsOf(document: SpecDocument, { node, apiVersion }: KubernetesObject) {
  if (!GROUP.test(apiVersion)) return [];
  return COLLECTOR_LISTS.flatMap(list => document.items(node, 'spec', list)).flatMap(item =>
    document.entries(item),
  );
}
