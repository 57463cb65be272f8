import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { MediaType } from '../oci/media-type.ts';
import type { Reference } from '../reference/reference.ts';
import { LocalImage } from './local-image.ts';
import type { LocalSourceSpec } from './source-spec.ts';

/** The only image of a layout, or the one that the user chose. */
interface ChosenImage {
  readonly descriptor: Descriptor;
  /** Its names in the layout, as written there. */
  readonly names: readonly string[];
}

/** The layout behind a local source, and which of its images the source gives. */
export class LocalLayout {
  readonly layout: Layout;
  readonly #spec: LocalSourceSpec;

  constructor(spec: LocalSourceSpec, layout: Layout) {
    this.#spec = spec;
    this.layout = layout;
  }

  /** The source as the user wrote it. */
  get text(): string {
    return this.#spec.text;
  }

  /** Whether the tool behind it makes manifests, as it does not keep those of registries. */
  get makesManifests(): boolean {
    if (this.#spec.kind === 'runtime') return !this.#spec.runtime.keepsManifests;
    return this.#spec.kind === 'docker-archive' || this.layout.makesManifests;
  }

  /** The image with a name of the specs; undefined when the source does not have it. @throws AirgapError `INPUT`, `BUNDLE` */
  async find(name: Reference): Promise<LocalImage | undefined> {
    const descriptor = await this.#descriptorOf(name);
    if (descriptor === undefined) return undefined;
    if (name.digest !== undefined && descriptor.digest !== name.digest) return undefined;
    return new LocalImage(this.text, this.layout, name, descriptor);
  }

  /** The digest that the source has for the tag of a name with a digest, if that is another one. */
  async otherDigest(name: Reference): Promise<string | undefined> {
    if (name.digest === undefined) return undefined;
    const tagged = name.tag === undefined ? undefined : await this.#named(name.withTag(name.tag));
    const found = this.#isAlias(name) ? await this.#only() : tagged;
    return found?.digest === name.digest ? undefined : found?.digest;
  }

  /** The names of all its images, for messages. */
  async names(): Promise<string[]> {
    return (await this.layout.names()).flatMap(({ name }) => name ?? []);
  }

  /** The image that the user chose by its name here, or the only one, with all names that it has. @throws AirgapError `INPUT` */
  async chosen(): Promise<ChosenImage> {
    const images = await this.layout.names();
    const wanted = this.#imageName;
    const matching = wanted === undefined ? images : images.filter(image => hasName(image, wanted));
    const distinct = new Map(matching.map(({ descriptor }) => [descriptor.digest, descriptor]));
    const [descriptor] = distinct.values();
    if (descriptor === undefined || distinct.size > 1)
      throw this.#ambiguous(distinct.size, await this.names());
    const named = images.filter(image => image.descriptor.digest === descriptor.digest);
    return { descriptor, names: named.flatMap(({ name }) => name ?? []) };
  }

  async #descriptorOf(name: Reference): Promise<Descriptor | undefined> {
    if ('alias' in this.#spec && this.#spec.alias !== undefined)
      return this.#isAlias(name) ? this.#only() : undefined;
    return name.digest === undefined ? this.#named(name) : this.#pinned(name);
  }

  #isAlias(name: Reference): boolean {
    return 'alias' in this.#spec && this.#spec.alias?.toString() === name.toString();
  }

  async #named(name: Reference): Promise<Descriptor | undefined> {
    const found = await this.layout.resolve(name);
    if (found === undefined || this.#imageName === undefined) return found;
    return (await this.#only()).digest === found.digest ? found : undefined;
  }

  /** A digest says what the image is, whatever its name is here. */
  async #pinned({ digest }: Reference): Promise<Descriptor | undefined> {
    if (digest === undefined) return undefined;
    const size = this.layout.sizeOf({ digest });
    const named = (await this.layout.names()).find(({ descriptor }) => descriptor.digest === digest);
    if (size === undefined) return undefined;
    return named?.descriptor ?? { mediaType: MediaType.ociManifest, digest, size };
  }

  get #imageName(): string | undefined {
    return 'imageName' in this.#spec ? this.#spec.imageName : undefined;
  }

  async #only(): Promise<Descriptor> {
    return (await this.chosen()).descriptor;
  }

  #ambiguous(count: number, names: readonly string[]): AirgapError {
    const what = this.#imageName === undefined ? 'images' : `images called ${this.#imageName}`;
    const list = names.slice(0, 5).join(', ') || 'no names';
    return new AirgapError('INPUT', `${this.text}: expected one image, found ${count} ${what}`, {
      where: this.layout.origin,
      hint: `Name one of its images after the path, for example oci:DIR:IMAGE; it has ${list}.`,
    });
  }
}

/** Whether this is the name of an image in its layout: as it is written there, or the tag alone. */
function hasName({ descriptor, name }: NamedDescriptor, wanted: string): boolean {
  return name === wanted || Object.values(descriptor.annotations ?? {}).includes(wanted);
}
