import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Position } from '../../model/position.ts';
import type { SourceText } from '../model/source-text.ts';
import type { UnreadImage } from '../model/spec.ts';
import type { Text } from '../model/text.ts';
import { SpecDocument } from '../yaml/document.ts';
import { isTemplated, maskTemplates } from '../yaml/template.ts';
import { type ImageString, imageOf, imagesIn, namesImage, untaggedImage } from './image-strings.ts';
import { evaluateTemplate, withoutEscapes } from './kots-template.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** The object or file that strings are read from. */
export type Owner = Pick<UnreadImage, 'apiVersion' | 'kind' | 'name' | 'namespace'>;

/** A string that looks like an image; the caller counts the objects. */
type Found = Omit<UnreadImage, 'objectIndex'>;

/** What is known of the strings in a document. */
export interface ScanOptions {
  readonly source: SourceText;
  readonly owner: Owner;
  /** The images that were read, by `placeOf`. */
  readonly read: ReadonlySet<string>;
  /** Returns whether the value at a path of keys is not scanned. */
  readonly skips: (keys: readonly string[]) => boolean;
}

/** Values that describe or repeat what other fields say, and images that are built. */
const SKIPPED_KEYS: ReadonlySet<string> = new Set([
  'binaryData',
  'build',
  'description',
  'kubectl.kubernetes.io/last-applied-configuration',
  'managedFields',
  'message',
]);
/** The API group of what kustomize renders. */
const KUSTOMIZE = /^kustomize\.config\.k8s\.io\//;
/** Keys of a schema whose values are words and examples; its defaults are images that an operator runs. */
const SCHEMA_WORDS: ReadonlySet<string> = new Set(['example', 'examples', 'externalDocs', 'pattern']);
const API_VERSION_KEYS = ['openapi', 'swagger', 'asyncapi'];
/** The options of a KOTS application are known only when all input is read. */
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();
/** Keys beside the name of an image; `<<` may merge them. */
const VERSION_KEYS: ReadonlySet<string> = new Set(['tag', 'imageTag', 'digest', '<<']);
const SECRET_KEYS = ['data', 'stringData', 'encryptedData'];
/** A line break, also as it is written in a YAML string with double quotes. */
const LINE_BREAK = /\n|\\n/;
/** What a string contains if it is a YAML or JSON document with an image that only its keys tell. */
const IMAGE_KEY = /(?:repository|image)["']?[ \t]{0,9}:/i;
/** Longer strings are not parsed as documents; their full names are found all the same. In characters. */
const MAX_EMBEDDED = 1e6;

/** Returns a key of a text: its position, and its value, because a rendered text has no positions. */
export function placeOf({ value, position: { line, column } }: Text): string {
  return `${line}:${column}:${value}`;
}

/** Returns which paths of a Kubernetes object are not scanned: its status, the data of a secret, and examples. */
export function skipsOf({ apiVersion, kind }: KubernetesObject): ScanOptions['skips'] {
  if (KUSTOMIZE.test(apiVersion)) return () => true;
  if (kind === 'CustomResourceDefinition') return keys => SCHEMA_WORDS.has(keys.at(-1) ?? '');
  const secrets = kind.endsWith('Secret') ? SECRET_KEYS : [];
  return keys => (keys.length === 1 && keys[0] === 'status') || secrets.includes(keys.at(-1) ?? '');
}

/** Skips the fields that a compose file has for images. */
export function skipsOfCompose(keys: readonly string[]): boolean {
  return keys.length === 3 && keys[0] === 'services' && keys[2] === 'image';
}

/** Skips the `images:` section of a Replicated document. */
export function skipsOfReplicated(keys: readonly string[]): boolean {
  return keys.length === 1 && keys[0] === 'images';
}

/** Returns whether a document describes an API (OpenAPI, Swagger): its images are examples. */
export function describesApi(document: SpecDocument): boolean {
  return API_VERSION_KEYS.some(key => document.get(document.root, key) !== undefined);
}

/** Finds the strings below a node that look like images, where no format reads an image. */
export function unreadImages(document: SpecDocument, node: Node, options: ScanOptions): Found[] {
  const scan = new Scan(document, options);
  scan.visit(node, { keys: [] });
  return scan.found;
}

/** Where a string is: its keys, and the name of the variable or flag that it is the value of. */
interface Place {
  readonly keys: readonly string[];
  /** For example `env KAFKA_IMAGE` or `argument --image`. */
  readonly named?: string | undefined;
}

class Scan {
  readonly found: Found[] = [];
  /** What was found, without places. */
  readonly images: ImageString[] = [];
  readonly #document: SpecDocument;
  readonly #options: ScanOptions;
  /** Nodes that were read as part of a repository and tag. */
  readonly #paired = new Set<Node>();

  constructor(document: SpecDocument, options: ScanOptions) {
    this.#document = document;
    this.#options = options;
  }

  visit(node: Node | undefined, place: Place): void {
    const { keys } = place;
    // What an alias points to is read where it is written.
    if (node === undefined || isAlias(node)) return;
    if (SKIPPED_KEYS.has(keys.at(-1) ?? '') || this.#options.skips(keys)) return;
    if (isMap(node)) this.#map(node, place);
    else if (isSeq(node)) this.#list(node.items as Node[], place);
    else if (isScalar(node) && mayNameImage(node.value)) this.#string(node, place);
  }

  #map(map: YAMLMap, place: Place): void {
    const entries = this.#document.entries(map);
    if (entries.some(([key]) => VERSION_KEYS.has(key))) this.#pair(map, place);
    for (const [key, value] of entries) {
      // Most values; what follows takes longer than the rest of the scan.
      if (isScalar(value) && !mayNameImage(value.value)) continue;
      const keys = [...place.keys, key];
      const variable = key === 'value' ? this.#document.value(this.#document.get(map, 'name')) : undefined;
      this.visit(value, variable ? { keys, named: `${place.keys.at(-1)} ${variable}` } : { keys });
    }
  }

  #list(items: readonly Node[], place: Place): void {
    let flag: string | undefined;
    for (const item of items) {
      const named = flag === undefined ? place : { ...place, named: `argument ${flag}` };
      this.visit(item, named);
      flag = flagOf(isScalar(item) ? item.value : undefined);
    }
  }

  #string(node: Node, place: Place): void {
    const text = this.#document.text(node);
    if (text === undefined || this.#paired.has(node) || this.#isRead(text)) return;
    const isNamed = isNamedPlace(place);
    const value = knownValue(text);
    const images = imagesIn(value, isNamed);
    const untagged = images.length === 0 && isImageField(place) ? untaggedImage(value) : undefined;
    const label = labelOf(place, text.value);
    this.#addAll(node, untagged ? [untagged] : images, label);
    this.#addAll(node, this.#embedded(node, images), label);
  }

  /** Reads a string that is a document itself, such as the values of a chart in a ConfigMap, by its keys. */
  #embedded(node: Node, known: readonly ImageString[]): ImageString[] {
    const text = isScalar(node) ? maskTemplates(String(node.value)) : '';
    const mayBeDocument = text.includes('\n') || /^\s*[{[]/.test(text);
    if (!mayBeDocument || text.length > MAX_EMBEDDED || !IMAGE_KEY.test(text)) return [];
    const source = { file: this.#options.source.file, text, rendered: true } as const;
    const options = { ...this.#options, source, read: new Set<string>(), skips: () => false };
    const references = new Set(known.map(({ reference }) => reference));
    return [...SpecDocument.parse(source)].flatMap(document => {
      if (!(document instanceof SpecDocument) || document.root === null || isScalar(document.root)) return [];
      const scan = new Scan(document, options);
      scan.visit(document.root, { keys: [] });
      return scan.images.filter(({ reference }) => !references.has(reference));
    });
  }

  #addAll(node: Node, images: readonly ImageString[], label: string): void {
    if (images.length === 0) return;
    const positions = this.#positions(node, images);
    for (const [index, image] of images.entries())
      this.#add(image, positions[index] ?? this.#document.position(node), label);
  }

  /** Reads `repository` and `tag`, or `image` and `tag`, as one image. */
  #pair(map: YAMLMap, place: Place): void {
    const textOf = (key: string) => {
      const node = this.#document.get(map, key);
      const text = this.#document.text(node);
      return node && text && !text.templated ? { node, ...text } : undefined;
    };
    const isNamed = place.keys.slice(-1).some(namesImage);
    const nameKeys = isNamed ? ['repository', 'image', 'name'] : ['repository', 'image'];
    const nameKey = nameKeys.find(key => textOf(key) !== undefined);
    const name = nameKey === undefined ? undefined : textOf(nameKey);
    const tag = textOf('tag') ?? textOf('imageTag');
    const digest = textOf('digest');
    if (nameKey === undefined || !name || !(tag || digest) || this.#isRead(name)) return;
    const registry = textOf('registry')?.value;
    const reference = [
      registry === undefined ? '' : `${registry.replace(/\/$/, '')}/`,
      name.value,
      tag ? `:${tag.value}` : '',
      digest?.value.startsWith('sha256:') ? `@${digest.value}` : '',
    ].join('');
    const image = imageOf(reference, isNamed || isNamedPlace(place) || nameKey === 'image');
    if (!image) return;
    this.#paired.add(name.node);
    const label = labelOf({ keys: [...place.keys, nameKey] }, '');
    this.#add({ ...image, written: name.value }, name.position, label);
  }

  #isRead(text: Text): boolean {
    return this.#options.read.has(placeOf(text));
  }

  /** Returns the positions of images in the order of a string, also on the lines of a block. */
  #positions(node: Node, images: readonly ImageString[]): Position[] {
    const start = this.#document.position(node);
    if (this.#options.source.rendered) return images.map(() => start);
    const written = this.#document.sourceOf(node);
    let from = start.column - 1;
    return images.map(({ reference, written: name = reference }) => {
      const at = written.indexOf(name, from);
      if (at < 0) return start;
      from = at + name.length;
      const before = written.slice(0, at);
      const lineStart = before.lastIndexOf('\n') + 1;
      return { ...start, line: start.line + linesIn(before), column: at - lineStart + 1 };
    });
  }

  #add(string: ImageString, position: Position, place: string): void {
    const { reference, isFull } = string;
    const image = { value: reference, position, templated: false };
    this.found.push({ ...this.#options.owner, image, isFull, place });
    this.images.push(string);
  }
}

/** Returns false for most values, quickly: they have neither a tag nor a path, and no template. */
function mayNameImage(value: unknown): boolean {
  return typeof value === 'string' && (/[:/]/.test(value) || isTemplated(value));
}

/**
 * Returns a text with its KOTS templates evaluated. Where that is known only at installation, each line counts for
 * itself, and a template whose value is unknown becomes a word that no image contains.
 */
function knownValue(text: Text): string {
  if (!text.templated) return text.value;
  const written = withoutEscapes(text);
  const complete = evaluateTemplate(written, NO_OPTIONS);
  if (complete) return complete.value;
  const lines = written.split(LINE_BREAK);
  return lines.map(line => evaluateTemplate(line, NO_OPTIONS)?.value ?? maskTemplates(line)).join('\n');
}

/** Returns the flag that the next argument belongs to; undefined if the text has its own value or is no flag. */
function flagOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^--?[A-Za-z][\w.-]{0,80}$/.test(value) ? value : undefined;
}

function isNamedPlace({ keys, named }: Place): boolean {
  return named === undefined ? keys.slice(-2).some(namesImage) : namesImage(named);
}

/** Returns whether a field is called `image`, so that its value may lack a tag. */
function isImageField({ keys, named }: Place): boolean {
  return named === undefined && keys.at(-1) === 'image';
}

/** Describes a place in a few words. */
function labelOf({ keys, named }: Place, text: string): string {
  if (named !== undefined) return named;
  const last = keys.at(-1) ?? '';
  if (last === 'args' || last === 'command') {
    const flag = flagOf(text.split('=', 1)[0]);
    return flag === undefined ? last : `argument ${flag}`;
  }
  if (keys[0] === 'data' && keys.length === 2) return `data ${last}`;
  if (keys.at(-2) === 'annotations') return `annotation ${last}`;
  return `.${keys.join('.')}`;
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
