import type { ListedImage, Spec, UsedImage } from '../../input/model/spec.ts';
import type { Text } from '../../input/model/text.ts';
import { endpointHost, type RegistrySettings, toReference } from '../../input/references.ts';
import { canonicalHost, Reference } from '../../reference/reference.ts';
import {
  isProxyHost,
  isReplicatedHost,
  proxiedImage,
  REPLICATED_HOST,
  type ReplicatedDomains,
  withoutDomain,
} from '../../reference/replicated.ts';

/** An index of the input for the rules: matches listed images with the images that manifests use. */
export class SpecIndex {
  readonly spec: Spec;
  readonly locations: RegistrySettings;
  readonly #references = new Map<UsedImage, Reference | undefined>();
  /** The lookup key of each listed image. */
  readonly #keys = new Map<ListedImage, string>();
  readonly #listed = new Set<string>();
  readonly #uses = new Map<string, UsedImage[]>();
  readonly #listedUses = new Set<UsedImage>();
  #carried: ReadonlySet<string> | undefined;

  constructor(spec: Spec, locations: RegistrySettings) {
    this.spec = spec;
    this.locations = locations;
    for (const image of spec.listed) this.#list(image, keyOf(image, locations));
    for (const used of spec.used) this.#use(used, parsed(used));
  }

  /** Returns the reference of a used image; undefined for a template or an invalid name. */
  reference(used: UsedImage): Reference | undefined {
    return this.#references.get(used);
  }

  /** Returns the lookup key of a listed image: its reference, or the known part of it. */
  key(image: ListedImage): string {
    return this.#keys.get(image) ?? '';
  }

  /** Returns whether an image may be private: it is in the Replicated registry or in a configured one. */
  isPrivate(used: UsedImage): boolean {
    const registry = this.reference(used)?.registry;
    if (registry === undefined) return false;
    if (this.isCertainlyPrivate(used)) return true;
    const configured = Object.values(this.locations.registries ?? {})
      .map(endpointHost)
      .map(canonicalHost);
    return configured.includes(registry) && registry !== 'docker.io';
  }

  /** Returns whether an image is private for certain, not only because its registry is configured. */
  isCertainlyPrivate(used: UsedImage): boolean {
    const registry = this.reference(used)?.registry;
    if (registry === undefined) return false;
    return isReplicatedHost(registry, this.locations) || isProxyHost(registry, this.locations);
  }

  /** Whether a list determines what the bundle contains. */
  get hasList(): boolean {
    return this.spec.listed.length > 0;
  }

  /** Returns whether the bundle contains an image: by the list if there is one, else because a manifest uses it. */
  isCarried(image: Text): boolean {
    const reference = parsed({ image });
    if (reference === undefined) return false;
    if (this.#listedKeys(reference).length > 0) return true;
    this.#carried ??= this.#carriedUses();
    return this.#carried.has(reference.toString());
  }

  /** Returns whether a listed image is excluded from the bundle. */
  isExcluded(image: ListedImage): boolean {
    const reference = parsed({
      image: { value: this.key(image), position: image.position, templated: false },
    });
    return reference !== undefined && this.spec.excluded.matches(reference);
  }

  /** Returns the number of distinct images: those of the list and those of the manifests. */
  get distinctImages(): number {
    const used = this.spec.used.map(image => this.reference(image)?.toString() ?? image.image.value);
    return new Set([...this.#keys.values(), ...used]).size;
  }

  #carriedUses(): Set<string> {
    const used = this.spec.used.filter(({ isIncluded }) => isIncluded || !this.hasList);
    return new Set(used.flatMap(image => this.reference(image)?.toString() ?? []));
  }

  /** Returns the used images that match a listed image. */
  usesOf(image: ListedImage): readonly UsedImage[] {
    return this.#uses.get(this.#keys.get(image) ?? '') ?? [];
  }

  /** Returns whether a used image is listed. */
  isListed(used: UsedImage): boolean {
    return this.#listedUses.has(used);
  }

  /** Returns whether the tag of an image that is used by tag and digest is listed. */
  isListedByTag(used: UsedImage): boolean {
    const reference = this.reference(used);
    const unpinned = reference && withoutDigest(reference);
    return unpinned !== undefined && this.#listedKeys(unpinned).length > 0;
  }

  #list(image: ListedImage, key: string): void {
    this.#keys.set(image, key);
    this.#listed.add(key);
  }

  #use(used: UsedImage, reference: Reference | undefined): void {
    this.#references.set(used, reference);
    if (reference === undefined) return;
    const listed = this.#listedKeys(reference);
    if (listed.length > 0) this.#listedUses.add(used);
    const unpinned = withoutDigest(reference);
    for (const key of [...listed, ...(unpinned ? this.#listedKeys(unpinned) : [])]) {
      const uses = this.#uses.get(key);
      if (uses) uses.push(used);
      else this.#uses.set(key, [used]);
    }
  }

  /** Returns the keys of the listed images that are a reference. */
  #listedKeys(reference: Reference): string[] {
    return keysOf(reference, this.locations).filter(key => this.#listed.has(key));
  }
}

/** Returns the tag that a listed image is pulled by; undefined if it has only a digest or an invalid name. */
export function listedTag(image: ListedImage): string | undefined {
  const text = image.form === 'list' ? image.name : `${image.name}:${image.tag ?? 'latest'}`;
  try {
    return Reference.parse(text).effectiveTag;
  } catch {
    return undefined;
  }
}

/** Returns the first image of each object, so that a finding about the object is reported once. */
export function firstOfEach(images: readonly UsedImage[]): UsedImage[] {
  const first = new Map<number, UsedImage>();
  for (const used of images) if (!first.has(used.objectIndex)) first.set(used.objectIndex, used);
  return [...first.values()];
}

/** Describes the object of an image, for example `Deployment web`. */
export function ownerOf({ kind, name }: UsedImage): string {
  return `${kind} ${name ?? '(unnamed)'}`;
}

function parsed({ image }: { readonly image: Text }): Reference | undefined {
  if (image.templated) return undefined;
  try {
    return Reference.parse(image.value).canonical();
  } catch {
    return undefined;
  }
}

/** Returns the lookup key of a listed image; if it cannot be located, its name and tag. */
function keyOf(image: ListedImage, locations: RegistrySettings): string {
  try {
    return toReference(image, { ...locations, registryDomain: undefined }).toString();
  } catch {
    const end = `/${image.name}:${listedTag(image)}`;
    return image.source === 'replicated' ? `${REPLICATED_HOST}…${end}` : end;
  }
}

/** Returns the reference without its digest; undefined unless it has a tag and a digest. */
function withoutDigest({ name, tag, digest }: Reference): Reference | undefined {
  return tag === undefined || digest === undefined ? undefined : Reference.parse(`${name}:${tag}`);
}

/** Returns every lookup key that a listed image may have for a reference. */
function keysOf(reference: Reference, domains: ReplicatedDomains): string[] {
  const image = withoutDomain(proxiedImage(reference, domains) ?? reference, domains);
  const replicated = image.registry === REPLICATED_HOST;
  const text = image.toString();
  const ends: string[] = [];
  for (let slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', slash + 1))
    ends.push(text.slice(slash));
  return [text, ...ends, ...(replicated ? ends.map(end => `${REPLICATED_HOST}…${end}`) : [])];
}
