import { Reference } from '../../reference/reference.ts';
import type { Text } from '../model/text.ts';
import type { SpecDocument } from '../yaml/document.ts';
import { evaluateTemplate, withoutEscapes } from './kots-template.ts';
import type { ImageInObject, KubernetesObject } from './kubernetes-object.ts';

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

/** Returns the options of a KOTS Config: name and value, or its default; without those whose value is a template. */
export function configOptions(
  document: SpecDocument,
  { node, kind, apiVersion }: KubernetesObject,
): [name: string, value: string][] {
  if (kind !== 'Config' || !apiVersion.startsWith('kots.io/')) return [];
  const items = document.items(node, 'spec', 'groups').flatMap(group => document.items(group, 'items'));
  return items.flatMap((item): [string, string][] => {
    const name = document.text(document.get(item, 'name'));
    const value = document.text(document.get(item, 'value')) ?? document.text(document.get(item, 'default'));
    return name && value && !value.templated ? [[name.value, value.value]] : [];
  });
}

/**
 * Returns an image with its KOTS template evaluated, and the options that it depends on; unchanged if the image is
 * known only at installation.
 */
export function evaluatedImage(image: Text, options: ReadonlyMap<string, string>): EvaluatedImage {
  if (!image.templated || !image.value.includes('{{')) return { image, options: [] };
  const result = evaluateTemplate(withoutEscapes(image), options);
  if (!result || !isReference(result.value)) return { image, options: [] };
  const evaluated = { ...image, value: result.value, templated: false, written: image.value };
  return { image: evaluated, options: result.options };
}

interface EvaluatedImage {
  readonly image: Text;
  readonly options: readonly string[];
}

function isReference(text: string): boolean {
  try {
    return Reference.parse(text) !== undefined;
  } catch {
    return false;
  }
}
