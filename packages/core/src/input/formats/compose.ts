import type { Node } from 'yaml';
import type { Position } from '../../model/position.ts';
import { SWARM_SERVICE } from '../model/spec.ts';
import type { Text } from '../model/text.ts';
import type { SpecDocument } from '../yaml/document.ts';
import { interpolate, type Variables } from './interpolation.ts';

const SWARM = 'scheduler-swarm';
/** Top-level keys that a compose file does not have. */
const FOREIGN = ['apiVersion', 'kind', 'replicated_api_version'];

/** A service of one compose document. */
export interface ComposeService {
  readonly name: string;
  readonly kind: string;
  /** Several if a template has branches. */
  readonly images: readonly Text[];
  /** Position of `build:`; undefined for a service that Compose does not build. */
  readonly build: Position | undefined;
  readonly base: ServiceBase | undefined;
}

/** The service that another one extends. */
export interface ServiceBase {
  readonly service: string;
  /** As written; undefined for a service of the same project. */
  readonly file: string | undefined;
}

/** One item of `include:`: files that are merged into one project. */
export interface ComposeInclude {
  readonly paths: readonly Text[];
  readonly envFiles: readonly string[];
}

/** Returns whether a document is a compose file or Replicated's Swarm document, which has the same format. */
export function isCompose(document: SpecDocument): boolean {
  if (document.isMarked(SWARM)) return true;
  if (isForeign(document)) return false;
  return services(document).some(
    ([, service]) =>
      document.text(document.get(service, 'image')) !== undefined ||
      document.get(service, 'build') !== undefined ||
      document.get(service, 'extends') !== undefined,
  );
}

/** Returns the services of a compose document, with the variables in their images replaced. */
export function composeServices(document: SpecDocument, variables: Variables): ComposeService[] {
  const isSwarm = document.isMarked(SWARM);
  return services(document).map(([name, service]) => {
    const build = document.get(service, 'build');
    return {
      name,
      kind: isSwarm ? SWARM_SERVICE : 'Service (compose)',
      images: document.fields(service, 'image').map(image => interpolated(image, variables)),
      // A Swarm never builds.
      build: build && !isSwarm ? document.position(build) : undefined,
      base: baseOf(document, service),
    };
  });
}

/** Returns the files that a compose document includes. */
export function composeIncludes(document: SpecDocument): ComposeInclude[] {
  if (isForeign(document)) return [];
  const textsAt = (node: Node | undefined) =>
    (document.isList(node) ? document.items(node) : [node]).flatMap(item => document.text(item) ?? []);
  return document.items(document.root, 'include').map(item => {
    const isMap = document.isMap(item);
    const envFiles = isMap ? textsAt(document.get(item, 'env_file')) : [];
    return {
      paths: textsAt(isMap ? document.get(item, 'path') : item),
      envFiles: envFiles.map(({ value }) => value),
    };
  });
}

function isForeign(document: SpecDocument): boolean {
  return FOREIGN.some(key => document.get(document.root, key) !== undefined);
}

function services(document: SpecDocument) {
  return document.entries(document.root, 'services');
}

/** Reads `extends: NAME` and `extends: {service: NAME, file: FILE}`. */
function baseOf(document: SpecDocument, service: Node | undefined): ServiceBase | undefined {
  const base = document.get(service, 'extends');
  const name = document.text(base) ?? document.text(document.get(base, 'service'));
  if (!name) return undefined;
  return { service: name.value, file: document.text(document.get(base, 'file'))?.value };
}

/** Replaces the variables of an image; it stays a template if one of them is not set. */
function interpolated(image: Text, variables: Variables): Text {
  if (!image.value.includes('$')) return image;
  const value = interpolate(image.value, variables);
  if (value === undefined) return { ...image, templated: true };
  return value === image.value ? image : { ...image, value, written: image.value };
}
