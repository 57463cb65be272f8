import type { ListedImage, Spec, UsedImage } from '../../input/model/spec.ts';
import { endpointHost, type RegistrySettings, toReference } from '../../input/references.ts';
import { canonicalHost, Reference } from '../../reference/reference.ts';
import { PROXY_HOST, proxiedImage, REPLICATED_HOST } from '../../reference/replicated.ts';

/** The specs as the rules look at them: what is listed, what is used, and which is which. */
export class SpecIndex {
  readonly spec: Spec;
  readonly locations: RegistrySettings;
  readonly #references = new Map<UsedImage, Reference | undefined>();
  /** What a listed image is found by. */
  readonly #keys = new Map<ListedImage, string>();
  readonly #listed = new Set<string>();
  readonly #uses = new Map<string, UsedImage[]>();

  constructor(spec: Spec, locations: RegistrySettings) {
    this.spec = spec;
    this.locations = locations;
    for (const image of spec.listed) this.#list(image, keyOf(image, locations));
    for (const used of spec.used) this.#use(used, parsed(used));
  }

  /** What a container's image means; nothing for a template or an invalid name. */
  reference(used: UsedImage): Reference | undefined {
    return this.#references.get(used);
  }

  /** What a listed image is found by: its reference, or as much of it as is known. */
  key(image: ListedImage): string {
    return this.#keys.get(image) ?? '';
  }

  /** Whether only the vendor and its customers may pull an image: it is in a registry that was given a name. */
  isPrivate(used: UsedImage): boolean {
    const registry = this.reference(used)?.registry;
    if (registry === undefined) return false;
    const named = Object.values(this.locations.registries ?? {})
      .map(endpointHost)
      .map(canonicalHost);
    return (
      [REPLICATED_HOST, PROXY_HOST].includes(registry) ||
      (named.includes(registry) && registry !== 'docker.io')
    );
  }

  /** The containers that use a listed image. */
  usesOf(image: ListedImage): readonly UsedImage[] {
    return this.#uses.get(this.#keys.get(image) ?? '') ?? [];
  }

  /** Says whether any list has what a container uses. */
  isListed(used: UsedImage): boolean {
    const reference = this.reference(used);
    return reference !== undefined && keysOf(reference).some(key => this.#listed.has(key));
  }

  /** Says whether a list has the tag of what a container pins by a digest besides. */
  isListedByTag(used: UsedImage): boolean {
    const reference = this.reference(used);
    const unpinned = reference && withoutDigest(reference);
    return unpinned !== undefined && keysOf(unpinned).some(key => this.#listed.has(key));
  }

  #list(image: ListedImage, key: string): void {
    this.#keys.set(image, key);
    this.#listed.add(key);
  }

  #use(used: UsedImage, reference: Reference | undefined): void {
    this.#references.set(used, reference);
    const unpinned = reference && withoutDigest(reference);
    for (const key of [reference, unpinned].flatMap(one => (one ? keysOf(one) : []))) {
      if (!this.#listed.has(key)) continue;
      const uses = this.#uses.get(key);
      if (uses) uses.push(used);
      else this.#uses.set(key, [used]);
    }
  }
}

/** The tag a listed image is pulled by; nothing when it is pinned by digest only, or is no image name. */
export function listedTag(image: ListedImage): string | undefined {
  const text = image.form === 'list' ? image.name : `${image.name}:${image.tag ?? 'latest'}`;
  try {
    return Reference.parse(text).effectiveTag;
  } catch {
    return undefined;
  }
}

/** Of the images of one workload, the first: what is wrong with the workload is told once. */
export function firstOfEach(images: readonly UsedImage[]): UsedImage[] {
  const first = new Map<number, UsedImage>();
  for (const used of images) if (!first.has(used.objectIndex)) first.set(used.objectIndex, used);
  return [...first.values()];
}

/** What an image is of, in words: `Deployment web`. */
export function ownerOf({ kind, name }: UsedImage): string {
  return `${kind} ${name ?? '(unnamed)'}`;
}

function parsed({ image }: UsedImage): Reference | undefined {
  if (image.templated) return undefined;
  try {
    return Reference.parse(image.value).canonical();
  } catch {
    return undefined;
  }
}

/** An image that cannot be located yet is found by what is known of it: its name and its tag. */
function keyOf(image: ListedImage, locations: RegistrySettings): string {
  try {
    return toReference(image, locations).toString();
  } catch {
    const end = `/${image.name}:${listedTag(image)}`;
    return image.source === 'replicated' ? `${REPLICATED_HOST}…${end}` : end;
  }
}

/** The same by its tag alone; nothing without both a tag and a digest. */
function withoutDigest({ name, tag, digest }: Reference): Reference | undefined {
  return tag === undefined || digest === undefined ? undefined : Reference.parse(`${name}:${tag}`);
}

/** Every key that a list may have for a reference. */
function keysOf(reference: Reference): string[] {
  const image = proxiedImage(reference) ?? reference;
  const text = image.toString();
  const ends = [...text.matchAll(/\//g)].map(({ index }) => text.slice(index));
  const replicated = image.registry === REPLICATED_HOST;
  return [text, ...ends, ...(replicated ? ends.map(end => `${REPLICATED_HOST}…${end}`) : [])];
}
