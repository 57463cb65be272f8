import type { Text } from '../model/text.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { ImageInObject } from './kubernetes.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** Returns the images that a KOTS application adds to the bundle. */
export function additionalImages(document: SpecDocument, object: KubernetesObject): ImageInObject[] {
  return applicationList(document, object, 'additionalImages').map(image => ({
    image,
    pullPolicies: [],
    field: 'additionalImages',
    container: undefined,
  }));
}

/** Returns the images that a KOTS application excludes from the bundle. */
export function excludedImages(document: SpecDocument, object: KubernetesObject): Text[] {
  return applicationList(document, object, 'excludedImages');
}

function applicationList(
  document: SpecDocument,
  { node, kind, apiVersion }: KubernetesObject,
  key: string,
): Text[] {
  if (kind !== 'Application' || !apiVersion.startsWith('kots.io/')) return [];
  return document.items(node, 'spec', key).flatMap(item => document.text(item) ?? []);
}
