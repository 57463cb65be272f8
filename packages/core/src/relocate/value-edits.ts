import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';
import type { RenamedImage } from './renamed-image.ts';
import { Renames } from './renames.ts';

/** A place in the values of a chart. */
export type ValuePath = readonly (string | number)[];

/** A value of a chart and its replacement. */
export interface ValueEdit {
  readonly path: ValuePath;
  readonly text: string;
}

/** Edits that belong together, as a registry and a repository do. */
export type EditGroup = readonly ValueEdit[];

/** Keys whose value may be an image without a host, `redis`: elsewhere, such a word may be anything. */
const IMAGE_KEY = /(?:image|repo|repository)$/i;
const NAME_KEY = /^name$/i;
/** Keys whose value may be a host, perhaps with the first part of the path. */
const REGISTRY_KEY = /(?:registry|hub|host|repo|repository|prefix)$/i;

/**
 * Finds the strings in the values of a chart that may name loaded images: a complete image, a repository beside its tag,
 * a registry beside its repository, and a registry for all images. Only a rendering tells whether they do.
 *
 * @param values as JSON
 * @returns the edits of single images first, then those of registries
 */
export function findValueEdits(values: unknown, images: readonly RenamedImage[]): EditGroup[] {
  const finder = new EditFinder(images);
  finder.visit(values, []);
  return [...finder.imageEdits, ...finder.registryEdits];
}

class EditFinder {
  readonly imageEdits: EditGroup[] = [];
  readonly registryEdits: EditGroup[] = [];
  readonly #renames: Renames;
  readonly #images: readonly RenamedImage[];
  /** The new name of each repository: host and path. */
  readonly #names: ReadonlyMap<string, Reference>;

  constructor(images: readonly RenamedImage[]) {
    this.#images = images;
    this.#renames = new Renames(images);
    this.#names = new Map(images.map(({ name, newName }) => [name.name, newName]));
  }

  visit(value: unknown, path: ValuePath): void {
    if (typeof value !== 'object' || value === null) return;
    const map = Array.isArray(value) ? {} : (value as Record<string, unknown>);
    const paired = this.#pairs(map, path);
    for (const [key, child] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      if (typeof child === 'string') this.#text(child, key, at, paired.has(key), hasTag(map));
      else this.visit(child, at);
    }
  }

  /** Finds registries with their repositories in one mapping. @returns the keys of both */
  #pairs(map: Readonly<Record<string, unknown>>, path: ValuePath): ReadonlySet<string> {
    const texts = Object.entries(map).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const registries = texts.filter(([key, text]) => /registry$/i.test(key) && text !== '');
    const repositories = texts.filter(([key]) => IMAGE_KEY.test(key) || NAME_KEY.test(key));
    const paired = new Set<string>();
    for (const [registryKey, registry] of registries)
      for (const [repositoryKey, repository] of repositories) {
        const newName = this.#newName(`${registry}/${repository}`);
        if (newName === undefined) continue;
        this.imageEdits.push([
          { path: [...path, registryKey], text: newName.registry },
          { path: [...path, repositoryKey], text: newName.repository },
        ]);
        paired.add(registryKey).add(repositoryKey);
      }
    return paired;
  }

  #text(text: string, key: string, path: ValuePath, isPaired: boolean, isTagged: boolean): void {
    if (isPaired || text === '') return;
    const isImageKey = IMAGE_KEY.test(key) || (NAME_KEY.test(key) && isTagged);
    const image = this.#image(text, isImageKey || text.includes('/'));
    if (image !== undefined) this.imageEdits.push([{ path, text: image }]);
    else if (REGISTRY_KEY.test(key)) this.#registry(text, path);
  }

  /** The new form of a complete image or of a repository. */
  #image(text: string, mayBeImage: boolean): string | undefined {
    if (!mayBeImage) return undefined;
    const reference = parse(text);
    if (reference === undefined) return undefined;
    if (reference.tag === undefined && reference.digest === undefined) return this.#newName(text)?.name;
    return this.#renames.of(text);
  }

  /** A host, perhaps with a path, with which names of images start. All of them must agree on its replacement. */
  #registry(text: string, path: ValuePath): void {
    const prefix = `${text.replace(/\/+$/, '')}/`;
    const replacements = new Set<string | undefined>();
    for (const { name, newName } of this.#images) {
      if (!name.name.startsWith(prefix)) continue;
      const rest = `/${name.name.slice(prefix.length)}`;
      replacements.add(newName.name.endsWith(rest) ? newName.name.slice(0, -rest.length) : undefined);
    }
    const [replacement] = replacements;
    if (replacements.size === 1 && replacement !== undefined)
      this.registryEdits.push([{ path, text: replacement }]);
  }

  /** The new name of a repository. */
  #newName(text: string): Reference | undefined {
    const reference = parse(text);
    return reference && this.#names.get(reference.name);
  }
}

function hasTag(map: Readonly<Record<string, unknown>>): boolean {
  return 'tag' in map || 'digest' in map || 'version' in map;
}

function parse(text: string): Reference | undefined {
  try {
    return Reference.parse(text);
  } catch (error) {
    if (error instanceof AirgapError) return undefined;
    throw error;
  }
}

/**
 * Makes values that override those of a chart. Helm replaces lists as a whole, so a list with an edit is copied.
 *
 * @param values of the chart, as JSON
 */
export function overlayOf(values: unknown, groups: readonly EditGroup[]): Record<string, unknown> {
  const overlay: Record<string, unknown> = {};
  for (const { path, text } of groups.flat()) setIn(overlay, values, path, text);
  return overlay;
}

function setIn(target: Record<string, unknown>, values: unknown, path: ValuePath, text: string): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    setOwn(target, key, text);
    return;
  }
  const original = (values as Record<string | number, unknown>)[key];
  const existing = Object.hasOwn(target, key) ? target[key] : undefined;
  const child = existing ?? (Array.isArray(original) ? structuredClone(original) : {});
  setOwn(target, key, child);
  setIn(child as Record<string, unknown>, original, rest, text);
}

/** Sets a key of untrusted values, `__proto__` included. */
function setOwn(target: Record<string, unknown>, key: string | number, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
